# Everything sets itself up: a virtual environment in .venv from requirements pinned by hash, and
# Kafka's jars in the user's cache. The first run needs the network, later ones do not.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

BIN := .venv/bin
CODE := schemas engine workers deploy tests benchmarks
# Passed on to the command: make test ARGS="-k ledger -x"
ARGS ?=
# The interpreter to build .venv with, where the one on the path will not do.
PYTHON ?=
export PYTHON

.PHONY: help demo run test lint format bench scale lock clean

help: ## Show this list
	@awk 'BEGIN { FS = ":.*## "; print "usage: make TARGET [ARGS=\"...\"]\n" } \
		/^[a-z]+:.*## / { printf "  \033[1m%-8s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Platforms to act on are spoken to by their own clients, which are among what tests need.
DEMO_NEEDS := $(if $(findstring --platforms,$(ARGS)),dev,runtime)
demo: .venv/.ready-$(DEMO_NEEDS) ## The whole loop on an embedded Kafka: 40 campaigns, two live days, a table of results
	@$(BIN)/pacekeeper demo $(ARGS)

run: .venv/.ready-runtime ## The whole stack on an embedded Kafka, until Ctrl-C
	@$(BIN)/pacekeeper run $(ARGS)

# Tests on Kafka wait more than they reckon, so three share two cores. Those that kill and slow
# processes want room: two at once, each on a broker of its own, when all others are through.
test: .venv/.ready-dev ## All tests, on a real Kafka
ifeq ($(strip $(ARGS)),)
	@failed=0; $(BIN)/python -m pytest -n 3 -m "not faults" || failed=1; \
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m faults || failed=1; exit $$failed
else
	@$(BIN)/python -m pytest $(ARGS)
endif

lint: .venv/.ready-dev ## Lint, format, types, import contracts, dead code
	@echo "ruff check";     $(BIN)/ruff check --quiet .
	@echo "ruff format";    $(BIN)/ruff format --quiet --check .
	@echo "mypy --strict";  $(BIN)/mypy --strict
	@echo "import-linter";  $(BIN)/lint-imports
	@echo "vulture";        $(BIN)/vulture

format: .venv/.ready-dev ## Put the code into its format
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format .

bench: .venv/.ready-bench ## Measure the figures, each against its goal and its peers
	@$(BIN)/python -m benchmarks $(ARGS)

scale: .venv/.ready-dev ## What takes long: a million histories of the live loop, its death at every step on every platform, a week of the closed loop (some 40 minutes)
	@$(BIN)/python -m tests.workers.executor.live.simulation $(ARGS)
	@$(BIN)/python -m tests.faults.killing
	@$(BIN)/python -m tests.faults.closed_loop

COMPILE := CUSTOM_COMPILE_COMMAND="make lock" PIP_FIND_LINKS= $(BIN)/pip-compile --quiet --upgrade \
	--strip-extras --generate-hashes --allow-unsafe --build-deps-for=editable --no-emit-options \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links

# The largest set first, so that the smaller ones agree with it and one .venv can hold all.
lock: .venv/.ready-dev ## Renew the pinned requirements and the digests of Kafka's jars
	$(COMPILE) --extra all --extra dev --extra bench -o requirements/bench.txt pyproject.toml
	$(COMPILE) --extra all --extra dev -c requirements/bench.txt -o requirements/dev.txt pyproject.toml
	$(COMPILE) -c requirements/bench.txt -o requirements/runtime.txt pyproject.toml
	$(BIN)/python -m deploy.broker.resolve

clean: ## Remove what was built here (not the cache and the data in the home directory)
	rm -rf .venv .make build dist *.egg-info .coverage .hypothesis .import_linter_cache \
		.mypy_cache .pytest_cache .ruff_cache
	find $(wildcard $(CODE)) -name __pycache__ -type d -prune -exec rm -rf {} +

SETUP := pyproject.toml deploy/prepare deploy/broker/jars.sha256

.venv/.ready-runtime: requirements/runtime.txt $(SETUP)
	@deploy/prepare runtime
.venv/.ready-dev: requirements/dev.txt $(SETUP)
	@deploy/prepare dev
.venv/.ready-bench: requirements/bench.txt $(SETUP)
	@deploy/prepare bench
