# Python 3.11, make and a package index are all that these targets assume.
PYTHON ?= python3
UV := .uv/bin/uv
BIN := .venv/bin

PYTEST := $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --max-worker-restart 0 --ignore tests/services

.PHONY: help demo test test-quick test-services fuzz faults lint format benchmark generate clean
help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(UV):
	@echo "Installing uv into .uv/"
	@$(PYTHON) -m venv .uv && .uv/bin/pip install --quiet uv

.venv/.installed: uv.lock pyproject.toml reference_data/pyproject.toml | $(UV)
	@echo "Installing the locked environment into .venv/ (about 1.2 GB)"
	@$(UV) sync --frozen --quiet --compile-bytecode
	@touch $@

demo: .venv/.installed ## run the reference year and print every figure beside the published one
	@$(BIN)/uw demo

test: .venv/.installed ## run every check and test, and print what the tests cover
	@$(MAKE) --no-print-directory lint
	@$(PYTEST) --cov --cov-report=
	@$(BIN)/coverage report --sort=cover | awk 'NR < 3 || $$1 == "TOTAL" || $$NF + 0 < 90'

test-quick: .venv/.installed ## run the checks and the tests that need no build
	@$(MAKE) --no-print-directory lint
	@$(PYTEST) -m "not build" --dist worksteal

test-services: .venv/.installed ## run the tests that need PostgreSQL, Airflow's services or a browser (installs Debian's packages)
	@$(BIN)/pytest tests/services

fuzz: .venv/.installed ## read 2,000 files changed at random; FUZZ="--count 20000 --seed 7" for others
	@$(BIN)/python -m tests.fuzz $(FUZZ)

faults: .venv/.installed ## kill, cut the power, fill the disk … 20 times each; FAULTS="kill --count 100 --seed 7" for others
	@$(BIN)/python -m tests.faults $(FAULTS)

lint: .venv/.installed ## ruff, mypy, import-linter, sqlfmt
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/sqlfmt --check --quiet dbt_project

format: .venv/.installed ## let ruff and sqlfmt rewrite the code
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .
	$(BIN)/sqlfmt --quiet dbt_project

benchmark: .venv/.installed ## measure collect and close; see benchmarks/README.md
	@$(BIN)/python -m benchmarks

generate: .venv/.installed ## rewrite the files that derive from the contracts, models and rules
	@$(BIN)/python -m union_warehouse.contracts.derive
	@$(BIN)/python -m union_warehouse.quality.rules_page
	@$(BIN)/python -m union_warehouse.warehouse.data_dictionary

clean: ## remove the environment and all state
	rm -rf .venv .uv var
