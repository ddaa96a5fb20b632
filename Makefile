# `make` prints the targets. Everything runs in a local virtual environment, .venv.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
IMAGE ?= toolhive-hooks:dev

.DEFAULT_GOAL := help
.PHONY: help demo test words properties soak mutation lint format test-apiserver test-runner test-image e2e bench bench-process bench-render bench-http bench-cluster image lock crds pod-schema settings commands flow site clean test-quick test-release chart kube-state-metrics

help:  ## print the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(INSTALLED): pyproject.toml requirements/dev.txt
	@echo "Installing into $(VENV) (once)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(INSTALLED)  ## render examples/token-exchange: what a cluster would get, without a cluster
	@tools/demo.sh $(BIN)

# How many tests at once: pytest-xdist's -n. A single test is easier to follow with PARALLEL=0.
PARALLEL ?= auto

test: $(INSTALLED)  ## run the tests that need nothing but Python, on all cores, with branch coverage
	@$(BIN)/pytest -n $(PARALLEL) -m 'not alone' tests/unit tests/properties tests/payloads tests/reference tests/reference_v1beta1 --cov --cov-report=term
	@$(BIN)/pytest -m alone tests/unit
	@echo "Not run here: tests/apiserver (make test-apiserver, needs Go) and tests/e2e (make e2e, needs a Metacontroller binary), tests/runner (make test-runner, needs the proxy runner)"

test-quick: $(INSTALLED)  ## run those of them that start no server and no other program: under a minute
	@$(BIN)/pytest -n $(PARALLEL) tests/unit tests/payloads --no-cov -m 'not slow and not alone'

EXAMPLES ?= 10000
properties: $(INSTALLED)  ## try EXAMPLES=10000 inputs for each property: hours
	@HYPOTHESIS_PROFILE=long EXAMPLES=$(EXAMPLES) $(BIN)/pytest tests/properties --timeout=0 --hypothesis-show-statistics

SECONDS ?= 600
RATE ?= 50
soak: $(INSTALLED)  ## call a server SECONDS=600 long, RATE=50 times a second: every answer right, memory flat
	@$(BIN)/python -m tests.soak --seconds $(SECONDS) --rate $(RATE)

mutation: $(INSTALLED)  ## change the code in 400 places, one at a time: tests must notice 85 %; an hour on two cores
	@$(BIN)/python -m tools.mutation

lint: $(INSTALLED)  ## ruff, mypy --strict, one direction of imports
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

words: $(INSTALLED)  ## check that pages and messages are plain English: short sentences, subjects, no coined words
	@$(BIN)/python -m tools.words

format: $(INSTALLED)  ## format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

test-apiserver: $(INSTALLED)  ## run the tests against a real kube-apiserver (Go builds it once, about five minutes)
	@$(BIN)/pytest tests/apiserver

test-image: $(INSTALLED)  ## run the Dockerfile's steps in a folder, and what they make
	@$(BIN)/pytest tests/image

test-release: $(INSTALLED)  ## run the release workflow's steps, and lint the workflows (needs Go)
	@$(BIN)/pytest tests/release

e2e: $(INSTALLED)  ## run the tests with a real Metacontroller: METACONTROLLER=path to its binary
	@if [ -z "$$METACONTROLLER" ]; then echo "e2e: SKIPPED (METACONTROLLER unset)"; else $(BIN)/pytest tests/e2e; fi

test-runner: $(INSTALLED)  ## run the tests with the real proxy runner: PROXYRUNNER=path to its binary
	@if [ -z "$$PROXYRUNNER" ]; then echo "runner: SKIPPED (PROXYRUNNER unset)"; else $(BIN)/pytest tests/runner; fi

crds: $(INSTALLED)  ## write crds/ from the models: CRDs and JSON Schemas
	@$(BIN)/toolhive-hooks crds --dir crds --schemas crds/schemas

chart: $(INSTALLED)  ## copy into charts/ what it has in common with metacontroller/
	@$(BIN)/python -m tools.chart

kube-state-metrics: $(INSTALLED)  ## write kube-state-metrics' configuration for the kinds, and copy it into charts/
	@$(BIN)/python -m tools.kube_state_metrics > metacontroller/components/monitoring-servers/kube-state-metrics.yaml
	@$(BIN)/python -m tools.chart

pod-schema: $(INSTALLED)  ## write the schema of podTemplateSpec from the Kubernetes that tools/go.mod pins (needs Go)
	@$(BIN)/python -m tools.pod_template_schema

settings: $(INSTALLED)  ## write docs/settings.md from the settings class
	@$(BIN)/python -m tools.settings_page > docs/settings.md

commands: $(INSTALLED)  ## write docs/commands.md from the command line's help
	@$(BIN)/python -m tools.commands_page > docs/commands.md

flow: $(INSTALLED)  ## draw docs/flow.svg, the picture in README.md
	@$(BIN)/python -m tools.flow > docs/flow.svg

$(VENV)/.site: $(INSTALLED) requirements/docs.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/docs.txt
	@touch $@

site: $(VENV)/.site  ## build the site of docs/ into build/site, every link checked
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

image:  ## build the image (needs docker): IMAGE=name:tag
	@docker build --tag $(IMAGE) .

bench: bench-process bench-render bench-http bench-cluster  ## measure all four: in process, render, over HTTP, in a cluster

bench-process: $(INSTALLED)  ## measure what a hook call costs in process: bytes in to bytes out
	@$(BIN)/python -m tests.bench.in_process

bench-render: $(INSTALLED)  ## measure what `render` takes for 3,000 files
	@$(BIN)/python -m tests.bench.render

bench-http: $(INSTALLED)  ## measure the served hooks beside a route that does nothing
	@$(BIN)/python -m tests.bench.http
	@$(BIN)/python -m tests.bench.steady

bench-cluster: $(INSTALLED)  ## measure fleets beside a placeholder hook: METACONTROLLER=path [OPERATOR=path OPERATOR_CRDS=path] [OPERATOR_OCTOBER=path OPERATOR_OCTOBER_CRDS=path] N="50 200 1000"
	@if [ -z "$$METACONTROLLER" ]; then echo "bench-cluster: SKIPPED (METACONTROLLER unset)"; else $(BIN)/python -m tests.bench.cluster $(N); fi

COMPILE := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-annotate --no-header --no-strip-extras

lock: $(INSTALLED)  ## pin the newest versions that pyproject.toml admits
	@$(BIN)/pip install --quiet uv
	@$(COMPILE) pyproject.toml --output-file requirements/runtime.txt
	@$(COMPILE) --group build --output-file requirements/build.txt
	@$(COMPILE) pyproject.toml --group dev --output-file requirements/dev.txt
	@$(COMPILE) --group release --output-file requirements/release.txt
	@$(COMPILE) --group docs --constraint requirements/dev.txt --output-file requirements/docs.txt

clean:  ## remove the virtual environment, caches and what was built
	@rm -rf $(VENV) build mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
