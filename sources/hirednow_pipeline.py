"""Load HiredNow's results into DuckDB, without the rest of hirefunnel."""

import dlt
from hirednow import hirednow


def load_hirednow() -> None:
    """Load what is new and what changed; settings come from `.dlt/` or the environment."""
    pipeline = dlt.pipeline(
        pipeline_name="hirednow", destination="duckdb", dataset_name="raw_hirednow"
    )
    print(pipeline.run(hirednow()))


if __name__ == "__main__":
    load_hirednow()
