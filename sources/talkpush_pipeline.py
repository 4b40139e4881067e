"""Load Talkpush's leads and campaigns into DuckDB, without the rest of hirefunnel."""

import dlt
from talkpush import talkpush


def load_talkpush() -> None:
    """Load what changed since the last time; settings come from `.dlt/` or the environment."""
    pipeline = dlt.pipeline(
        pipeline_name="talkpush", destination="duckdb", dataset_name="raw_talkpush"
    )
    print(pipeline.run(talkpush()))


if __name__ == "__main__":
    load_talkpush()
