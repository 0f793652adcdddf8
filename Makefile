# Needs Python 3.11 or newer and make; everything else is installed into .venv.
# `make` alone lists the targets. PYTHON=… chooses the Python, ARGS=… goes to the command.

PYTHON ?=
ARGS ?=
BIN := .venv/bin
INSTALLED := .venv/.installed
PIP_OPTIONS := -qq --no-compile --no-input --no-cache-dir --disable-pip-version-check

# A folder that was moved or copied takes its .venv along, but not the paths in it.
HERE := $(shell [ "$$(cat $(INSTALLED) 2>/dev/null)" = "$$(pwd -P)" ] && echo yes)
ifneq ($(HERE),yes)
.PHONY: $(INSTALLED)
endif

.DEFAULT_GOAL := help
.PHONY: help setup demo test api-fuzz faults bench up check lint format types queries layers fix lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: $(INSTALLED) ## Install everything into .venv

demo: $(INSTALLED) ## Show a storm alert reaching a town of 5,000 and check every delivery
	@$(BIN)/notify demo $(ARGS)

test: $(INSTALLED) ## Run the tests (ARGS="tests/channels -k bounce" for some of them)
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

faults: $(INSTALLED) ## Break the service in every way, count messages (SCENARIO='kill*' BREAK=fence SEED=1)
	@$(BIN)/python -m faults $(if $(SEED),--seed '$(SEED)') $(if $(SCENARIO),--scenario '$(SCENARIO)') \
		$(if $(RECIPIENTS),--recipients '$(RECIPIENTS)') $(if $(BREAK),--break '$(BREAK)') \
		$(if $(JSON),--json) $(ARGS)

bench: $(INSTALLED) ## Measure the speed promises beside their peers (QUICK=1 ONLY='email*')
	@$(BIN)/python -m bench $(if $(QUICK),--quick) $(if $(ONLY),--only '$(ONLY)') $(ARGS)

api-fuzz: $(INSTALLED) ## Call the API in every way its description allows (ARGS="-n 500 --seed 7")
	@$(BIN)/python -m tests.fuzz $(ARGS)

up: $(INSTALLED) ## Run the whole service in the foreground until Ctrl-C
	@exec $(BIN)/notify up $(ARGS)

check: $(INSTALLED) ## Lint, format, types and layers: all that reads the code
	@$(MAKE) --no-print-directory -j 2 lint format types queries layers

lint: $(INSTALLED)
	@$(BIN)/ruff check .

format: $(INSTALLED)
	@$(BIN)/ruff format --check .

types: $(INSTALLED)
	@$(BIN)/mypy

queries: $(INSTALLED)
	@$(BIN)/basedpyright --level error

layers: $(INSTALLED)
	@$(BIN)/lint-imports

fix: $(INSTALLED) ## Repair what lint and format can repair by themselves
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean: ## Remove .venv and caches (the data in .notify stays)
	@rm -rf .venv build dist .coverage htmlcov .hypothesis .import_linter_cache \
		.mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# hatchling and editables build this project itself, without fetching anything unlisted.
UV_COMPILE = printf 'hatchling\neditables\n' | UV_CUSTOM_COMPILE_COMMAND='make lock' \
	"$$(command -v uv || echo $(BIN)/uv)" pip compile pyproject.toml - --quiet --universal \
	--python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-strip-extras

lock: $(INSTALLED) ## Choose versions anew and write requirements*.txt (ARGS=--upgrade)
	@command -v uv >/dev/null || $(BIN)/python -m pip install $(PIP_OPTIONS) uv
	@$(UV_COMPILE) $(ARGS) --extra dev --output-file requirements-dev.txt
	@$(UV_COMPILE) --constraint requirements-dev.txt --output-file requirements.txt

# The first Python that is new enough; 3.14 last, because it gets no embedded Redis.
$(INSTALLED): requirements-dev.txt pyproject.toml
	@set -eu; python=; \
	for name in $(if $(PYTHON),"$(PYTHON)",python3.13 python3.12 python3.11 python3 python3.14); do \
		if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			if "$$name" -c 'import ensurepip, venv' 2>/dev/null; then python="$$name"; break; fi; \
			[ -n "$$python" ] || python="$$name"; \
		fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "No Python 3.11 or newer found. Install one, or name it: make PYTHON=/path/to/python3" >&2; \
		exit 1; \
	fi; \
	if [ "$(HERE)" = yes ] && $(BIN)/python -c 'import pip' 2>/dev/null; then \
		:; \
	elif "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
		"$$python" -m venv --clear .venv; \
	elif "$$python" -c 'import pip, venv' 2>/dev/null; then \
		"$$python" -m venv --clear --without-pip .venv; \
		"$$python" -m pip --python $(BIN)/python install $(PIP_OPTIONS) pip; \
	else \
		echo "This Python cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv" >&2; \
		exit 1; \
	fi; \
	echo "Installing into .venv with $$($(BIN)/python --version) …" >&2; \
	$(BIN)/python -m pip install $(PIP_OPTIONS) --require-hashes -r requirements-dev.txt; \
	$(BIN)/python -m pip install $(PIP_OPTIONS) --no-deps --no-build-isolation -e .; \
	pwd -P > $(INSTALLED)
