# Everything there is to do with this repository. Needs Python 3.11 or later, and make.

PYTHON ?= python3
BIN := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCKED := install --require-hashes --requirement
STATIC := src/waflows/console/static/page.css
WEB := web/build.py web/package-lock.json $(wildcard web/src/* web/src/*/*)
COMPILE := $(BIN)/uv pip compile --quiet --upgrade pyproject.toml --universal --python-version 3.11 \
	--generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links --no-header

.DEFAULT_GOAL := help
.PHONY: help dev test soak test-portable test-wheel bench lint lint-web check-docs format docs facts build \
	screenshots release-check lock ci clean

help: ## Show what there is to do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

dev: .venv/run $(STATIC) ## Install into .venv and start a server to try things on
	$(BIN)/waflows dev $(ARGS)

test: .venv/dev $(STATIC) ## Install what the tests need, PostgreSQL included, and run them all
	@sh tests/browser.sh
	@sh tests/pooler.sh
	@sh tests/operations.sh
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal -m "not soak" $(ARGS)

test-portable: .venv/dev # The linter, the client and the player, on any system
	$(BIN)/python -m pytest -q tests/unit/flowjson tests/unit/client tests/unit/runtime tests/unit/security

test-wheel: .venv/dev # The tests of the installed wheel: WHEEL is a file or its folder
	WAFLOWS_TEST_WHEEL="$(WHEEL)" $(BIN)/python -m pytest -q tests/wheel

soak: .venv/dev $(STATIC) ## Run the long forms of the tests: crashes, races, attacks, fuzzing
	@sh tests/pooler.sh
	@sh tests/operations.sh
	$(BIN)/python -m pytest -m soak --capture no $(ARGS)

bench: .venv/bench $(STATIC) ## Measure the speed, as ratios to references run beside it
	$(BIN)/python -m bench $(ARGS)

lint: .venv/bench lint-web ## Check style, types, the direction of dependencies and the sources of the pages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

lint-web: .venv/run # Check the JavaScript, run its tests, and check the workflows
	@command -v npm >/dev/null || $(PIP) $(LOCKED) requirements-node.lock
	$(BIN)/python web/check.py

check-docs: .venv/dev # Check that the pages say what the code does
	$(BIN)/python -m pytest -q tests/test_docs.py

format: .venv/dev ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python web/check.py --fix

docs: .venv/run ## Render the reference pages from the code
	$(BIN)/python docs/render.py

facts: .venv/python ## Cut the tests' fact tables from the documents in ../shared
	$(BIN)/python tests/data/cut.py $(ARGS)

build: .venv/dev $(STATIC) ## Build the wheel and the source archive into dist/
	$(BIN)/uv build --quiet --no-build-isolation

screenshots: .venv/dev $(STATIC) ## Take the pictures of the README from a running console
	$(BIN)/python tools/screenshots.py

release-check: .venv/dev $(STATIC) ## Build a release and check that it holds together
	$(BIN)/python tools/release_check.py $(ARGS)

lock: .venv/python ## Take up newer versions of what waflows stands on
	$(PIP) install uv
	$(COMPILE) --extra postgres --group build --output-file requirements.lock
	$(COMPILE) --extra postgres --group dev --output-file requirements-dev.lock
	$(COMPILE) --extra postgres --group dev --group bench --output-file requirements-bench.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-annotate --no-emit-index-url --no-emit-find-links --no-header \
		--group node --output-file requirements-node.lock

ci: lint test ## Do what continuous integration does

clean: ## Remove everything that was built or installed
	rm -rf .venv dist web/node_modules $(dir $(STATIC)) .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/python: # the bare environment
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "waflows needs Python 3.11 or later.")'
	$(PYTHON) -m venv .venv
	touch $@

.venv/run: requirements.lock pyproject.toml | .venv/python
	$(PIP) $(LOCKED) requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	touch $@

.venv/dev: requirements-dev.lock | .venv/run
	$(PIP) $(LOCKED) requirements-dev.lock
	touch $@

.venv/bench: requirements-bench.lock | .venv/dev
	$(PIP) $(LOCKED) requirements-bench.lock
	touch $@

$(STATIC): $(WEB) | .venv/run
	@command -v npm >/dev/null || $(PIP) $(LOCKED) requirements-node.lock
	$(BIN)/python web/build.py
