# Everything a developer types. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Any Python from 3.11 on, for example: PYTHON=/usr/bin/python3.13 make test
PYTHON ?= python3
ARGS ?=

BIN := $(CURDIR)/.venv/bin
LAYERS := $(BIN)/python tests/tools/layers.py

# Tools find each other in .venv first, this checkout and no other copy of the collection is used,
# and whatever is written stays in .cache.
export PATH := $(BIN):$(PATH)
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.venv/collections
export ANSIBLE_HOME := $(CURDIR)/.cache/ansible
export ANSIBLE_LOCAL_TEMP := $(CURDIR)/.cache/ansible/tmp
export ANSIBLE_REMOTE_TEMP := $(CURDIR)/.cache/ansible/tmp
export XDG_CACHE_HOME := $(CURDIR)/.cache/xdg

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: env
env: ## Create or update .venv; quick when nothing changed (PYTHON=… chooses the interpreter)
	@$(PYTHON) tests/tools/env.py

.PHONY: demo
demo: env ## See the collection at work on a simulated account
	@$(BIN)/python tests/tools/demo.py $(ARGS)

.PHONY: test
test: env ## Run every layer of tests
	@$(LAYERS)

.PHONY: trust
trust: env ## Test the promises in every combination; takes long
	@LIFEBOAT_TRUST=full $(LAYERS) promises modules

.PHONY: lint
lint: env ## Run the linters: Python, YAML, Ansible, changelog, documentation
	@$(LAYERS) lint

.PHONY: docs
docs: env ## Write what the documentation of several modules shares into the modules
	@$(BIN)/python tests/tools/shared_docs.py

.PHONY: unit
unit: env ## Run the quick tests: the collection's units and the simulator
	@$(LAYERS) unit simulator

.PHONY: molecule
molecule: env ## Run the molecule scenarios of the roles
	@$(LAYERS) molecule

.PHONY: sanity
sanity: env ## Run ansible-test sanity
	@$(LAYERS) sanity

.PHONY: simulator
simulator: env ## Start the simulated DigitalOcean (ARGS='--help' lists its options)
	@$(BIN)/python tests/simulator $(ARGS)

.PHONY: bench
bench: env ## Measure time and memory beside peers and a floor (ARGS=--quick takes two minutes)
	@PYTHONPATH=.venv/collections:tests/tools $(BIN)/python tests/bench $(ARGS)

.PHONY: build
build: env ## Build the collection's tarball into .cache/build
	@$(BIN)/ansible-galaxy collection build --force --output-path .cache/build

.PHONY: clean
clean: ## Remove all that the other targets made
	@rm -rf .venv .cache .ansible tests/output tests/integration/inventory
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
