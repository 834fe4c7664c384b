# Axisor. `make demo` shows it, `make test` proves it. Needs Python 3.11 or later with venv, git and make.
# PYTHON=… names the interpreter, VENV=… the environment, ARGS=… what the demo is told, PYTEST_ARGS=… what pytest is, WORKERS=… how many test at once.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV ?= .venv
# What is tested with processes and clocks waits for most of its time, so on the two cores asked for two workers do that, and two more compute in the gaps.
WORKERS ?= 4
BIN := $(VENV)/bin
CANDIDATES := python3.11 python3.12 python3.13 python3
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in $(CANDIDATES); do $$p -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$p && break; done)

# The order is that of need: pip builds nothing in isolation here, so the SDK comes first.
HOUSE := -e ./sdk -e ./server -e ./clients/cli -e ./clients/tui -e ./clients/web -e ./clients/bot -e './plugins/lnmarkets[sim]' -e ./plugins/margin-guard -e ./plugins/logbook -e ./plugins/balance -e ./plugins/limits -e ./plugins/carry -e ./plugins/entries -e ./plugins/exits -e './plugins/channels[nostr]'
MANIFESTS := constraints.txt $(wildcard pyproject.toml */pyproject.toml */*/pyproject.toml)
PIP = $(BIN)/python -m pip --disable-pip-version-check -qq
FOLDERS := sdk/src:server/src:clients/cli/src:clients/tui/src:clients/web/src:clients/bot/src:plugins/lnmarkets/src:plugins/margin-guard/src:plugins/logbook/src:plugins/balance/src:plugins/limits/src:plugins/carry/src:plugins/entries/src:plugins/exits/src:plugins/channels/src:examples/dip-buyer/src
LANGUAGES ?= go cpp java
NODE_TESTS := tests/e2e/node tests/clients/web/node examples/runner-typescript examples/client-typescript

.PHONY: help demo test test-languages check lint proto contract vendor bench campaign venv dev node browser clean

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 23

demo: $(VENV)/.demo ## Show a guarded flash crash on the simulator
	@$(BIN)/axisor demo $(ARGS)

# The checks take one core, so they run beside the tests, which go first; either fails the whole.
test: $(VENV)/.dev node browser ## Install what tests need, check, and run them all
	@nice -n 5 $(MAKE) --no-print-directory lint >$(VENV)/lint.log 2>&1 & checks=$$!; failed=0; \
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(PYTEST_ARGS) || failed=$$?; \
	wait $$checks || failed=$$?; \
	cat $(VENV)/lint.log; exit $$failed

# Debian's packages are asked for, and installed where that may be done; each language is built by its own Makefile.
test-languages: $(VENV)/.dev node ## Build the clients in Go, C++ and Java, and try those of all languages
	@wanted="$$(for each in $(LANGUAGES); do $(MAKE) -s -C examples/client-$$each packages; done | xargs -n 1 | sort -u)"; \
	missing="$$(for each in $$wanted; do \
	    dpkg-query -W -f '$${Status}' $$each 2>/dev/null | grep -q ' installed$$' || echo $$each; done | xargs)"; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing $$missing"; apt-get update -qq; \
	    DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends $$missing >/dev/null; \
	elif [ -n "$$missing" ]; then echo "Missing, and only root may install it: apt-get install $$missing" >&2; exit 1; fi
	@for each in $(LANGUAGES); do $(MAKE) --no-print-directory -C examples/client-$$each; done
	@CLIENTS="python $$(command -v npm >/dev/null && echo typescript) $(LANGUAGES)" $(BIN)/python -m pytest -n 0 tests/conformance $(PYTEST_ARGS)

check: $(VENV)/.dev lint ## Format, lint, types, import contracts, the contract

lint: # the checks alone, in an environment that has the tools already
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@PYTHONPATH="$(FOLDERS)" $(BIN)/lint-imports --no-cache
	@if compgen -G 'proto/axisor/*/*.proto' >/dev/null; then \
	    echo "buf lint"; $(BIN)/buf lint; \
	else echo "buf lint: there is no contract yet"; fi
	@tag="$$(git describe --tags --abbrev=0 --match 'v[0-9]*' 2>/dev/null || true)"; \
	if [ -n "$$tag" ]; then \
	    echo "buf breaking against $$tag"; $(BIN)/buf breaking --against ".git#tag=$$tag"; \
	else echo "buf breaking: there is no release tag yet, so nothing to compare with"; fi
	$(BIN)/python proto/generate.py --check

proto: $(VENV)/.dev ## Generate the Python of the contract
	$(BIN)/python proto/generate.py

contract: $(VENV)/.dev ## Pack the contract for other languages into dist: proto files, and a wheel
	@$(BIN)/python proto/package.py --to dist
	@cd sdk && $(abspath $(BIN))/python -m hatchling build -t wheel -d ../dist

vendor: $(VENV)/.dev ## Bring the scripts of others into the web bridge, as its lock pins them
	@$(BIN)/python clients/web/vendor.py

bench: $(VENV)/.dev ## Measure
	@if [ -f benchmarks/run.py ]; then $(BIN)/python -m benchmarks.run $(ARGS); \
	else echo "There is nothing to measure yet: benchmarks/run.py does not exist."; exit 1; fi

campaign: $(VENV)/.dev ## Try whole processes for hours: kills, replicas, load, recovery
	@$(BIN)/python -m campaigns $(ARGS)

venv: $(VENV)/.demo ## Install what the demo needs

dev: $(VENV)/.dev ## Install what development needs

clean: ## Remove what was installed and built here
	rm -rf $(VENV) build dist $(NODE_TESTS:=/node_modules) clients/web/vendor/node_modules $(wildcard examples/client-*/build examples/*/dist) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then \
	    echo "Axisor needs Python 3.11 or later; none of $(CANDIDATES) is one. Name yours: make PYTHON=/path/to/python" >&2; exit 1; fi
	@if ! $(PYTHON) -c '$(NEW_ENOUGH)' 2>/dev/null; then \
	    echo "Axisor needs Python 3.11 or later, and $(PYTHON) is not one." >&2; exit 1; fi
	@if ! $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
	    echo "This Python has no venv module: install it first (Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; fi
	@$(PYTHON) -m venv $(VENV)

# A stamp says that an environment is as the manifests want it, so that a second call costs nothing.
$(VENV)/.demo: $(MANIFESTS) | $(BIN)/python
	@echo "Installing Axisor into $(VENV) (once; this takes a minute)."
	@$(PIP) install -c constraints.txt hatchling editables
	@$(PIP) install -c constraints.txt --no-build-isolation $(HOUSE)
	@touch $@

$(VENV)/.dev: $(MANIFESTS) | $(BIN)/python
	@echo "Installing Axisor and what tests need into $(VENV) (once; this takes some minutes)."
	@$(PIP) install -c constraints.txt hatchling editables
	@$(PIP) install -c constraints.txt --no-build-isolation $(HOUSE) -e ./examples/dip-buyer -e '.[dev]'
	@touch $(VENV)/.demo $@

# Pages are tested in Debian's Chromium; no browser is downloaded.
browser:
	@if command -v chromium >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing chromium"; apt-get update -qq; \
	    DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends chromium >/dev/null; \
	else echo "chromium is not here: the tests marked browser will be skipped (apt-get install chromium)."; fi

node: # clients in another language are tested where node exists
	@if ! command -v npm >/dev/null; then echo "npm is not here: the tests marked node will be skipped."; \
	else for at in $(NODE_TESTS); do \
	    if [ ! -f $$at/node_modules/.package-lock.json ] || \
	       [ $$at/package-lock.json -nt $$at/node_modules/.package-lock.json ]; then \
	        npm ci --prefix $$at --no-audit --no-fund --loglevel=error; \
	        touch $$at/node_modules/.package-lock.json; fi; done; fi
