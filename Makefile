# The verbs of this house. `make test` and `make demo` work as the first command after a clone.
PYTHON ?= python3.11
BIN := .venv/bin
STAMP := .venv/.ready

.PHONY: setup demo fmt check test mutate bench run
.DEFAULT_GOAL := test

$(STAMP): pyproject.toml requirements.lock tools/setup.py
	@$(PYTHON) tools/setup.py
	@touch $@

setup: $(STAMP)

demo: $(STAMP)
	@$(BIN)/oms demo

run: $(STAMP)
	@$(BIN)/oms run

fmt: $(STAMP)
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

test: $(STAMP)
	@$(BIN)/python -m pytest -q

