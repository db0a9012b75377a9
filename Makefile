# Every target sets up what it needs: a virtual environment with locked packages, and terraform.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup demo check format test properties environments checkov chaos bench lock clean

setup: $(READY)

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0])'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	$(BIN)/python -m deploy.local.tools
	@touch $@

demo: setup
	$(BIN)/python -m deploy.local.demo $(ARGS)

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile
	$(BIN)/python -m deploy.local.tools terraform fmt -check -recursive terraform
	$(BIN)/python -m deploy.local.tools terraform fmt -check -recursive deploy/ecs
	@for root in terraform/bootstrap terraform/roots/* terraform/examples/*/ deploy/ecs deploy/ecs/target-account; do \
		export TF_DATA_DIR=$(CURDIR)/.tools/validate/$$root; \
		echo "terraform validate $$root"; \
		$(BIN)/python -m deploy.local.tools terraform -chdir=$$root init -backend=false -input=false >/dev/null && \
		$(BIN)/python -m deploy.local.tools terraform -chdir=$$root validate || exit 1; \
	done

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python -m deploy.local.tools terraform fmt -recursive terraform
	$(BIN)/python -m deploy.local.tools terraform fmt -recursive deploy/ecs
	$(BIN)/python -m tests.terraform.readme

test: setup
	@$(MAKE) --silent $(CHECKOV)/.ready || echo "Checkov cannot be installed here, so its test is skipped"
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

properties: setup
	$(BIN)/pytest -q -n 2 --dist loadfile tests/terraform/properties $(ARGS)

environments: setup
	$(BIN)/python -m deploy.environments $(ARGS)

CHECKOV := .tools/checkov

$(CHECKOV)/.ready: requirements-checkov.lock
	test -x $(CHECKOV)/bin/python || $(PYTHON) -m venv $(CHECKOV)
	$(CHECKOV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-checkov.lock
	@touch $@

checkov: setup $(CHECKOV)/.ready
	$(BIN)/python -m tests.terraform.scan

chaos: setup
	$(BIN)/python -m tests.chaos $(ARGS)
	$(BIN)/pytest -m chaos -s tests/provider/test_soak.py

bench: setup
	$(BIN)/python -m tests.bench $(ARGS)

lock: setup
	$(BIN)/uv pip compile --no-config --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-annotate \
		--python-version 3.11 pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --no-config --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-annotate \
		--python-version 3.11 --group checkov -o requirements-checkov.lock
	$(BIN)/uv pip compile --no-config --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-annotate \
		--python-version 3.11 --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	echo hatchling | $(BIN)/uv pip compile --no-config --quiet --universal --generate-hashes --no-emit-index-url --no-annotate \
		--python-version 3.11 -c requirements-dev.lock - -o requirements-build.lock

clean:
	rm -rf $(VENV) .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
