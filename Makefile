# Every target sets up what it needs: a virtual environment with locked packages, and terraform.
# A line that begins with `##@` is a heading of `make help`; a target's own line is what follows `##`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UNIT := tests/core tests/engine tests/desired_state tests/config tests/web tests/cli tests/project tests/structure
# A path among ARGS stands for the folders of `unit`; anything else is added to them.
CHOSEN = $(if $(filter tests/%,$(ARGS)),,$(UNIT))
SPREAD := --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help

##@ Begin

.PHONY: help
help: ## List the targets
	@awk 'BEGIN { FS = ":.*## "; print "make TARGET [ARGS=\"...\"]" } \
		/^##@ / { print "\n" substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(READY) ## Make .venv with locked packages; fetch terraform, and Prometheus where apt has it

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0])'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	$(BIN)/python -m deploy.local.tools
	@touch $@

.PHONY: demo
demo: setup ## Run the main job, end to end, against the AWS stand-in (ARGS=--keep leaves it running)
	$(BIN)/python -m deploy.local.demo $(ARGS)

.PHONY: acceptance
acceptance: setup ## Run the life of an environment in a real, empty sandbox account (ARGS: docs/acceptance.md)
	$(BIN)/python -m deploy.acceptance $(ARGS)

##@ Before every commit

.PHONY: check
check: setup ## Check format, lint, types, import rules, the Dockerfile, terraform fmt and validate
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile
	$(BIN)/python -m deploy.local.tools terraform fmt -check -recursive terraform
	$(BIN)/python -m deploy.local.tools terraform fmt -check -recursive deploy/ecs
	@$(MAKE) --no-print-directory validate

.PHONY: validate
validate: setup ## Initialise every Terraform root without its backend, and validate it (a part of `check`)
	@for root in terraform/bootstrap terraform/roots/* terraform/examples/*/ deploy/ecs deploy/ecs/target-account; do \
		export TF_DATA_DIR=$(CURDIR)/.tools/validate/$$root; \
		echo "terraform validate $$root"; \
		$(BIN)/python -m deploy.local.tools terraform -chdir=$$root init -backend=false -input=false >/dev/null && \
		$(BIN)/python -m deploy.local.tools terraform -chdir=$$root validate || exit 1; \
	done

PLATFORMS = linux_amd64 linux_arm64 darwin_amd64 darwin_arm64
.PHONY: lock-providers
lock-providers: setup ## Write the checksums of the AWS provider for four platforms into every lock file (from its registry)
	@for root in terraform/bootstrap terraform/roots/* terraform/examples/*/ deploy/ecs deploy/ecs/target-account; do \
		echo "terraform providers lock $$root"; \
		$(BIN)/python -m deploy.local.tools terraform -chdir=$$root providers lock \
			$(addprefix -platform=,$(PLATFORMS)) >/dev/null || exit 1; \
	done

.PHONY: format
format: setup ## Rewrite what `make check` would complain about
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python -m deploy.local.tools terraform fmt -recursive terraform
	$(BIN)/python -m deploy.local.tools terraform fmt -recursive deploy/ecs
	$(BIN)/python -m tests.terraform.readme
	$(BIN)/python -m tests.desired_state.fields

.PHONY: unit
unit: setup ## Run the tests that need no Terraform, in under a minute (ARGS goes to pytest)
	$(BIN)/pytest -q -n 2 $(SPREAD) $(CHOSEN) $(ARGS)

.PHONY: test
test: setup ## Run what continuous integration runs; measure coverage and hold it against its floors
	@$(MAKE) --silent $(CHECKOV)/.ready || echo "Checkov cannot be installed here, so its test is skipped"
	rm -rf .coverage
	$(BIN)/coverage run -m pytest -n 4 $(SPREAD) $(ARGS)
	$(BIN)/python -m tests.project.floors $(if $(strip $(ARGS)),--print-only)

##@ More tests

.PHONY: coverage
coverage: setup ## Run the unit tests, measured, and hold the pure packages against their floors (twice the time)
	rm -rf .coverage
	$(BIN)/coverage run -m pytest -q -n 2 $(SPREAD) $(CHOSEN) $(ARGS)
	$(BIN)/python -m tests.project.floors --pure $(if $(strip $(ARGS)),--print-only)

.PHONY: test-all
test-all: ## Run `test`, then `properties`, `chaos` and `mutation`: everything, for hours
	@echo "test-all 1 of 4: make test, what continuous integration runs"
	$(MAKE) test ARGS=
	@echo "test-all 2 of 4: make properties, every way to break the Terraform code"
	$(MAKE) properties ARGS=
	@echo "test-all 3 of 4: make chaos, two hundred faults, a thousand plans in one warm provider, 22,000 odd inputs (pytest -m chaos)"
	$(MAKE) chaos ARGS=
	@echo "test-all 4 of 4: make mutation, the mutants of core, desired_state and engine"
	$(MAKE) mutation ARGS=

.PHONY: properties
properties: setup ## Assert the properties of the Terraform code, and break it in every way (ARGS goes to pytest)
	PROPERTY_EDITS=1000 $(BIN)/pytest -q -n 2 --dist loadfile tests/terraform/properties $(ARGS)

CHECKOV := .tools/checkov

$(CHECKOV)/.ready: requirements-checkov.lock
	test -x $(CHECKOV)/bin/python || $(PYTHON) -m venv $(CHECKOV)
	$(CHECKOV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-checkov.lock
	@touch $@

.PHONY: checkov
checkov: setup $(CHECKOV)/.ready ## Scan all Terraform code and the plans of every root with Checkov
	$(BIN)/python -m tests.terraform.scan

.PHONY: chaos
chaos: setup ## Inject two hundred faults (ARGS: python -m tests.chaos --help), then all tests marked chaos
	$(BIN)/python -m tests.chaos $(ARGS)
	$(BIN)/pytest -m chaos -s tests

.PHONY: mutation
mutation: setup ## Mutate core, desired_state and engine, and count the mutants that the tests kill (ARGS: --help)
	$(BIN)/python -m tests.mutation $(ARGS)

.PHONY: bench
bench: setup ## Compare the warm provider with the plain command line
	$(BIN)/python -m tests.bench $(ARGS)

##@ Upkeep

.PHONY: environments
environments: setup ## Write the example platforms as Terraform variables and backends
	$(BIN)/python -m deploy.environments $(ARGS)

.PHONY: lock
lock: setup ## Upgrade and lock all packages, with hashes
	$(BIN)/uv pip compile --no-config --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-annotate \
		--python-version 3.11 pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --no-config --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-annotate \
		--python-version 3.11 --group checkov -o requirements-checkov.lock
	$(BIN)/uv pip compile --no-config --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-annotate \
		--python-version 3.11 --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	echo hatchling | $(BIN)/uv pip compile --no-config --quiet --universal --generate-hashes --no-emit-index-url --no-annotate \
		--python-version 3.11 -c requirements-dev.lock - -o requirements-build.lock

.PHONY: release
release: setup ## Check, build dist/, write its notes from the changelog and tag (VERSION=x.y.z); pushes nothing
	$(BIN)/python -m deploy.release $(VERSION)

.PHONY: clean
clean: ## Remove what the targets made, but not .tools
	rm -rf $(VENV) .demo mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage dist
