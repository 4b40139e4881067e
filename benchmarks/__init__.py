"""How long a backfill takes, beside the physical limit and the tools that one would use instead."""
