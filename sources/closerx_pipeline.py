"""Load CloserX's hourly campaign results into DuckDB, without the rest of hirefunnel."""

import dlt
from closerx import closerx


def load_closerx() -> None:
    """Load the days that are missing or open; settings come from `.dlt/` or the environment."""
    pipeline = dlt.pipeline(
        pipeline_name="closerx", destination="duckdb", dataset_name="raw_closerx"
    )
    print(pipeline.run(closerx()))


if __name__ == "__main__":
    load_closerx()
