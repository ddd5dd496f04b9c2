# The verbs of this house. `make test` and `make demo` work as the first command after a clone:
# every verb first makes .venv if it is missing or older than what it is made from.
# Debian builds its Python with profiles and link-time optimisation: it takes a third less CPU than
# the plain build that pyenv may put before it in PATH. Without venv or headers it can not be used.
SYSTEM := /usr/bin/python3.11
PYTHON ?= $(shell test -e /usr/include/python3.11/Python.h && $(SYSTEM) -c 'import ensurepip' 2>/dev/null && echo $(SYSTEM) || echo python3.11)
BIN := .venv/bin
STAMP := .venv/.ready
# The rooms that take no I/O: every branch of them is tested.
PURE := oms/core/*,fix/codec.py,fix/apifiny.py,fix/fix42.py,fix/values.py,fix/wire.py,adapters/port.py,adapters/reconcile.py,adapters/windows.py,adapters/*/*mapping.py,adapters/bitexbit/attribution.py,adapters/bitexbit/events.py,adapters/bitexbit/signing.py,adapters/bitexbit/socketio.py

.DEFAULT_GOAL := test
.PHONY: setup demo run fmt check test mutate guards scenarios bench bench-growth soak rounds faults

$(STAMP): pyproject.toml requirements.lock tools/setup.py
	@$(PYTHON) tools/setup.py
	@touch $@

setup: $(STAMP)

# The embedded system with its own venue simulators, at most a minute.
demo: $(STAMP)
	@$(BIN)/oms demo

run: $(STAMP)
	@$(BIN)/oms run

fmt: $(STAMP)
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

test: $(STAMP)
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal

# What CI runs, and nothing else is run there.
check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m tools.dialects --check
	$(BIN)/python -m tools.coverage --check
	$(BIN)/coverage erase
	$(BIN)/python -m pytest -q -n 2 --dist worksteal --cov=oms --cov=fix --cov=adapters --cov-branch --cov-report=
	$(BIN)/coverage report --include='$(PURE)' --show-missing --skip-covered --fail-under=100

# Wrong cells put into the state tables, and wrong rules into the core, one at a time: each must be
# caught. About three minutes.
mutate: $(STAMP)
	@$(BIN)/python -m tests.core.mutate_table
	@$(BIN)/python -m tests.core.mutate_rules

# Every guard of the engine taken out, one at a time: each must be missed, by its own accident and
# as far as it comes about in a minute by a seed. About six minutes.
guards: $(STAMP)
	@$(BIN)/python -m tests.faults.guard_table --seeds 1000 --seconds 60

# Every order-state scenario on the core, on engine and store, and over sockets, in one table.
scenarios: $(STAMP)
	@$(BIN)/python -m tests.scenarios --write

bench: $(STAMP)
	@$(BIN)/python -m benchmarks

# What an order costs as history, open orders, desks, strategies and subscriptions grow.
bench-growth: $(STAMP)
	@$(BIN)/python -m benchmarks.growth

# Half the maximum rate for half an hour, with restarts; MINUTES=N for longer. Draws docs/soak.svg.
MINUTES ?= 30
soak: $(STAMP)
	@$(BIN)/python -m benchmarks.soak --minutes $(MINUTES)

# Real processes, killed and restarted while a proxy spoils their connections, two batches at a
# time: twenty minutes where nothing else runs.
ROUNDS ?= 500
rounds: $(STAMP)
	@$(BIN)/python -m tests.rounds --rounds $(ROUNDS) --jobs 2

# Seeded scenarios of the whole system under faults, at most ten minutes; SCENARIOS=N runs N.
SCENARIOS ?= 20000
faults: $(STAMP)
	@$(BIN)/python -m tests.faults --scenarios $(SCENARIOS)
