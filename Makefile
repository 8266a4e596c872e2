# Each target sets itself up in .venv: `make demo` or `make test` is all that a fresh clone needs.
PYTHON ?= python3
BIN := .venv/bin
PLUGINS := $(wildcard plugins/*/)
# These write nothing to the API server, so they have no guard.
GUARDED := $(filter-out check-metric check-workload gitops-pr,$(notdir $(PLUGINS:/=)))
PARTS := engine/kubernaut_cel engine/kubernaut_sandbox
MANIFESTS := pyproject.toml $(addsuffix /pyproject.toml,$(PARTS)) $(wildcard plugins/*/pyproject.toml)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# What builds every distribution here, installed once: each editable one would otherwise get an environment of its own for it.
BUILD := "setuptools>=78.1.1" wheel

CLUSTER ?= sandbox

.PHONY: demo test check bench render lock clean

demo: .venv/engine.stamp
	@$(BIN)/kubernaut demo

# Four at a time, also on two cores: most tests wait for a cluster.
test: .venv/dev.stamp
	@$(BIN)/pytest -n 4 --dist worksteal

check: .venv/dev.stamp
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

# On the sandbox, or with CLUSTER=kubeconfig on the cluster of $KUBECONFIG; BENCH holds further options (BENCH=--help).
bench: .venv/bench.stamp
	@$(BIN)/python -m benchmarks --cluster $(CLUSTER) $(BENCH)

# Writes the files that are rendered from the code; a test fails while they differ.
render: .venv/engine.stamp
	@$(BIN)/kubernaut crd > deploy/base/crd.yaml
	@$(BIN)/kubernaut rbac render --engine > rbac/engine.yaml
	@for action in $(notdir $(PLUGINS:/=)); do $(BIN)/kubernaut rbac render $$action > rbac/$$action.yaml; done
	@cp engine/kubernaut/install/policies/*.yaml deploy/admission/ && mv deploy/admission/stamp.yaml deploy/admission/stamp/
	@for action in $(GUARDED); do $(BIN)/kubernaut rbac render $$action --guard > deploy/admission/guards/$$action.yaml; done
	@$(BIN)/kubernaut rbac explain --into docs/security.md

# What the image installs: every distribution that the engine and the plugins need, by version and hash. Run it to take up newer ones.
lock: .venv/lock.stamp
	@$(BIN)/python deploy/third_party.py | $(BIN)/pip-compile - --upgrade --quiet --generate-hashes --allow-unsafe --strip-extras \
	  --no-header --no-annotate --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file deploy/requirements.lock

clean:
	rm -rf .venv build dist

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	@echo "Setting up .venv, once: about a minute"
	@$(PYTHON) -m venv .venv

.venv/engine.stamp: .venv/bin/python $(MANIFESTS)
	@$(PIP) $(BUILD)
	@$(PIP) --no-build-isolation --editable '.[sandbox,mcp,ui]' $(addprefix --editable ./,$(PARTS) $(PLUGINS:/=))
	@touch $@

.venv/dev.stamp: .venv/engine.stamp
	@$(PIP) --no-build-isolation --editable '.[dev]'
	@touch $@

.venv/lock.stamp: .venv/engine.stamp
	@$(PIP) --editable '.[lock]'
	@touch $@

.venv/bench.stamp: .venv/engine.stamp
	@$(PIP) --editable '.[bench]'
	@touch $@
