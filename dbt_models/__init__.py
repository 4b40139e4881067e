"""The dbt project, shipped as package data, and the function it lends DuckDB."""
