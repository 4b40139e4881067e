# Every target works from a fresh clone: nothing is needed but Python >= 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
N ?= 20
SEED ?= 0
JOBS ?= 1
READY := $(VENV)/.ready

.PHONY: help demo test test-fast lint lint-python lint-types lint-sql format chaos bench bench-full clean

help:  ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "hirefunnel needs Python 3.11 or newer; run make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(READY)

demo: $(READY)  ## the five vendors simulated, two nights, a built warehouse
	$(BIN)/hirefunnel demo

test: $(READY)  ## all tests, in random order, on all cores
	$(BIN)/pytest -n auto

test-fast: $(READY)  ## without real dbt runs and whole nights
	$(BIN)/pytest -n auto -m 'not slow'

lint: lint-python lint-types lint-sql  ## what CI checks: format, lint, types, SQL

lint-python: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

lint-types: $(READY)
	$(BIN)/mypy

lint-sql: $(READY)
	HIREFUNNEL_WAREHOUSE=:memory: $(BIN)/sqlfluff lint --processes 0 dbt_models/models dbt_models/tests

format: $(READY)  ## format Python and SQL
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	HIREFUNNEL_WAREHOUSE=:memory: $(BIN)/sqlfluff fix --processes 0 dbt_models/models dbt_models/tests

chaos: $(READY)  ## faults and kills from seeds: make chaos N=500 JOBS=2 FOLDER=f; up to a minute each, goes on in f
	$(BIN)/python -m tests.chaos --schedules $(N) --seed $(SEED) --jobs $(JOBS) $(if $(FOLDER),--folder $(FOLDER)) --markdown docs/guarantees.md

bench: $(READY)  ## a backfill beside the limit and the alternatives, a night on growing history; minutes
	$(BIN)/python -m benchmarks.run --results 200000 --recipients 20000 --runs 3 --once-above 60 --markdown docs/benchmarks.md
	$(BIN)/python -m benchmarks.run --results 200000 --recipients 50000 --runs 1 --latency-ms 50 --rate 50 --peers limit,hirefunnel --markdown docs/benchmarks.md
	$(BIN)/python -m benchmarks.stages --markdown docs/benchmarks.md
	$(BIN)/python -m benchmarks.nightly --records 100000 1000000 --markdown docs/benchmarks.md

bench-full: $(READY)  ## the same at full size, hours
	$(BIN)/python -m benchmarks.run --results 1000000 --recipients 100000 --runs 3 --limit-s 3600 --markdown docs/benchmarks.md
	$(BIN)/python -m benchmarks.run --results 200000 --recipients 50000 --runs 3 --latency-ms 50 --rate 50 --markdown docs/benchmarks.md
	$(BIN)/python -m benchmarks.stages --results 1000000 --recipients 100000 --markdown docs/benchmarks.md
	$(BIN)/python -m benchmarks.nightly --records 100000 1000000 10000000 --full-runs 3 --markdown docs/benchmarks.md

clean:  ## remove what make has built (never data/)
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
