"""Load EASI'R's campaigns and recipients into DuckDB, without the rest of hirefunnel."""

import dlt
from easir import easir


def load_easir() -> None:
    """Load what is open or changed; settings come from `.dlt/` or the environment."""
    pipeline = dlt.pipeline(pipeline_name="easir", destination="duckdb", dataset_name="raw_easir")
    print(pipeline.run(easir()))


if __name__ == "__main__":
    load_easir()
