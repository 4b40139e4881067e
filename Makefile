# Every target works from a fresh clone: nothing is needed but Python >= 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo test test-fast lint format clean

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

lint: $(READY)  ## what CI checks: format, lint, types, SQL
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	HIREFUNNEL_WAREHOUSE=:memory: $(BIN)/sqlfluff lint --processes 0 dbt_models/models dbt_models/tests

format: $(READY)  ## format Python and SQL
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	HIREFUNNEL_WAREHOUSE=:memory: $(BIN)/sqlfluff fix --processes 0 dbt_models/models dbt_models/tests

clean:  ## remove what make has built (never data/)
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
