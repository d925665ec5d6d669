# The menu. `make help` lists every target in a line.
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
# Functions are checked one by one: each has a module called handler.
FUNCTIONS := order_api idempotency_check project_catalog sales_dashboard_projector database_migration
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
export JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION := 1

.PHONY: help setup tools demo test unit lint types contracts format benchmark soundness reality scale speed corpus plans robustness fuzz explore wheel clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "%-12s %s\n", $$1, $$2}'

setup: ## create .venv, install what the demo needs
	@bash .ci/prepare

tools: ## the same, and what only tests need (Chromium, a SARIF validator)
	@bash .ci/prepare tests

demo: setup ## the whole promise on this machine: synth, refusal, deploy, burst, projection, report (about two minutes)
	@$(PYTHON) -m demo

test: tools ## run the whole test suite
	@$(PYTHON) -m pytest -n 2 --dist loadfile -q

unit: tools ## the inner loop: tests that start neither Node nor servers (seconds)
	@$(PYTHON) -m pytest -q -m "not cdk and not local_cloud and not servers and not wheel"

lint: setup ## ruff: style and common errors
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .

types: setup ## mypy, strict: the library, then each function as Lambda would import it
	@$(PYTHON) -m mypy
	@MYPYPATH=lambda_src $(PYTHON) -m mypy --python-version 3.11 -p datastores
	@for function in $(FUNCTIONS); do MYPYPATH=lambda_src $(PYTHON) -m mypy --python-version 3.11 lambda_src/$$function/*.py || exit 1; done

contracts: setup ## import contracts between the rooms
	@.venv/bin/lint-imports

format: setup ## rewrite the code in the house's format
	@$(PYTHON) -m ruff check --fix-only -q .
	@$(PYTHON) -m ruff format .

benchmark: setup ## plugin overhead and import time, as ratios measured in one run
	@$(PYTHON) benchmarks/import_time.py
	@$(PYTHON) benchmarks/synth_overhead.py

soundness: setup ## 20,000 accepted and 20,000 rejected fleets against an adversarial simulation, and how tight the wait is (half an hour)
	@$(PYTHON) benchmarks/soundness.py --accepted 20000 --rejected 20000

reality: tools ## proven waits and throughput against PostgreSQL behind PgBouncer and MariaDB behind HAProxy: table and plot in build/reality (ten minutes)
	@$(PYTHON) benchmarks/reality.py --output build/reality

scale: setup ## 100, 1,000 and 10,000 functions judged: seconds and memory
	@$(PYTHON) benchmarks/scale.py

speed: setup ## beside cfn-lint and checkov, one template alone, 2,000 as one fleet; CASES=folder for other templates
	@$(PYTHON) benchmarks/speed.py $(or $(CASES),tests/corpus) --rivals --growth

corpus: setup ## precision and recall on labelled real templates; CASES=folder for others
	@$(PYTHON) benchmarks/corpus.py $(or $(CASES),tests/corpus)

plans: setup ## the Terraform examples planned by a real terraform; PROVIDER=folder of an unpacked AWS provider (half an hour)
	@$(PYTHON) benchmarks/real_plans.py --provider $(PROVIDER)

robustness: setup ## 100,000 broken documents, and every value of the examples hidden in turn (a quarter of an hour)
	@$(PYTHON) benchmarks/hidden_values.py
	@$(PYTHON) benchmarks/robustness.py --documents 100000

fuzz: setup ## coverage-guided bytes at the readers (atheris, installed for this; minutes)
	@.venv/bin/uv pip install --quiet --python $(PYTHON) "atheris>=2.3"
	@$(PYTHON) benchmarks/fuzz.py -runs=200000 -max_len=20000 -timeout=5 build/fuzz

explore: tools ## the property tests with a thousand new examples each (many minutes)
	@$(PYTHON) -m pytest -n 2 -q --hypothesis-profile=explore tests/model tests/rules tests/readers tests/simulation

wheel: setup ## build the wheel into dist/
	@$(PYTHON) -m build --wheel --no-isolation

clean: ## remove what builds and demos left
	rm -rf build dist cdk.out .pytest_cache .mypy_cache .ruff_cache .hypothesis
