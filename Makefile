# Everything a developer or an operator runs from here. `make run` and `make test` need Python 3.11+ and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export SHOUWEN_TESTING_JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help run test check fix map bench lock fonts clean

help: ## Show what can be made
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | sort

$(BIN)/.runtime: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Shouwen needs Python 3.11 or newer; this is $$($(PYTHON) --version). Set PYTHON=/path/to/python3.11."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing. On Debian: apt install python3-venv."; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(BIN)/.development: $(BIN)/.runtime requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

run: $(BIN)/.runtime ## Start everything on this machine: database, web and worker
	$(BIN)/shouwen serve --all

test: $(BIN)/.development ## Run all tests
	$(BIN)/pytest -q -n $(SHOUWEN_TESTING_JOBS)

check: $(BIN)/.development ## Lint, types, floors, migrations, catalogues, map
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/djlint --check --lint --quiet shouwen
	$(BIN)/shouwen norms check
	$(BIN)/python -m shouwen.config.map --check
	$(BIN)/python -m shouwen.config.catalogues --check
	SHOUWEN_TESTING=1 $(BIN)/python manage.py makemigrations --check --dry-run

fix: $(BIN)/.development ## Format, and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djlint --reformat --quiet shouwen || true

map: $(BIN)/.development ## Write the map of facts, flats and jobs into docs/house.md, and look for new sentences
	$(BIN)/python -m shouwen.config.map
	$(BIN)/python -m shouwen.config.catalogues

bench: $(BIN)/.development ## Measure against peers and limits (docs/howto/measure.md)
	$(BIN)/python -m benchmarks run all

fonts: ## Fetch the Chinese font that the printed handbook needs
	npm ci --ignore-scripts

lock: $(BIN)/.development ## Renew the lock files: hashes, no addresses
	$(BIN)/uv pip compile -q --no-emit-index-url --generate-hashes --no-header --python-version 3.11 requirements.in -o requirements.txt
	$(BIN)/uv pip compile -q --no-emit-index-url --generate-hashes --no-header --python-version 3.11 requirements-dev.in -o requirements-dev.txt

clean: ## Remove what was built here (not the data)
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis
