# Python 3.11, make and a package index are all that these targets assume.
PYTHON ?= python3
UV := .uv/bin/uv
BIN := .venv/bin

.PHONY: help demo test lint format benchmark generate clean
help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(UV):
	@echo "Installing uv into .uv/"
	@$(PYTHON) -m venv .uv && .uv/bin/pip install --quiet uv

.venv/.installed: uv.lock pyproject.toml | $(UV)
	@echo "Installing the locked environment into .venv/ (about 650 MB)"
	@$(UV) sync --frozen --quiet
	@touch $@

demo: .venv/.installed ## run the reference year and print every figure beside the published one
	@$(BIN)/uw demo

test: .venv/.installed ## run every check and test
	@$(MAKE) --no-print-directory lint
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --max-worker-restart 0

lint: .venv/.installed ## ruff, mypy, sqlfmt
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfmt --check --quiet dbt_project

format: .venv/.installed ## let ruff and sqlfmt rewrite the code
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .
	$(BIN)/sqlfmt --quiet dbt_project

benchmark: .venv/.installed ## measure collect and close; see benchmarks/README.md
	@$(BIN)/python -m benchmarks

generate: .venv/.installed ## rewrite the files that derive from the contracts and rules
	@$(BIN)/python -m union_warehouse.contracts.derive
	@$(BIN)/python -m union_warehouse.quality.rules_page

clean: ## remove the environment and all state
	rm -rf .venv .uv var
