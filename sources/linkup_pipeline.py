"""Load LinkedIn Recruiter jobs and candidates into DuckDB, without the rest of hirefunnel."""

import dlt
from linkup import linkup


def load_linkup() -> None:
    """Load every job's candidates; settings come from `.dlt/` or the environment."""
    pipeline = dlt.pipeline(pipeline_name="linkup", destination="duckdb", dataset_name="raw_linkup")
    print(pipeline.run(linkup()))


if __name__ == "__main__":
    load_linkup()
