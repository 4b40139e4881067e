"""Builds that leave out dbt's data tests: half of a build's time, where a test asks for other things."""

# For the environment: dbt's own way of saying it.
WITHOUT_DATA_TESTS = {"DBT_EXCLUDE_RESOURCE_TYPES": "test"}
