# softbeam: `make demo` runs the paper's campaign, `make test` checks everything.
#
# Both make the virtual environment .venv first, once: the stamps in it say what it holds, and
# only a changed pyproject.toml (or `make clean`) makes it anew.  Another Python:
#     make test PYTHON=python3.12

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help demo test test-fast lint clean

help:
	@echo "make demo   the paper's campaign on Extraction (3 modes x 1,000 injections), then what to harden"
	@echo "make test   lint, then the fast tests, then the slow ones"
	@echo "make lint   ruff, mypy and the import contracts"
	@echo "make clean  remove .venv and caches; results in runs/ stay"

demo: $(VENV)/.installed
	$(BIN)/softbeam campaign extraction --paper --out runs/demo
	@$(BIN)/softbeam tables runs/demo > runs/demo/tables.txt
	@echo "Every injection is kept in runs/demo, every factor is in runs/demo/tables.txt."
	@echo "As a page:                 $(BIN)/softbeam report runs/demo"
	@echo "Why just these, and others: $(BIN)/softbeam advise runs/demo"
	@echo
	@echo "What to harden:"
	@$(BIN)/softbeam advise runs/demo --brief

# Tests run on all cores, on four at most: each process keeps golden runs of its own.
WORKERS ?= $(shell $(PYTHON) -c "import os; print(min(os.cpu_count() or 1, 4))" 2>/dev/null)
PYTEST := $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal

test: lint
	$(PYTEST) -m "not slow"
	$(PYTEST) -m slow

test-fast: $(VENV)/.installed-test
	$(PYTEST) -m "not slow"

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# NVIDIA's compiler and disassembler (105 MB to load) are there on Linux only, and only for tests.
# The environment is removed where it cannot be completed: half of one would look finished to the
# next run.
$(VENV)/.made:
	@command -v "$(PYTHON)" >/dev/null || { \
	    echo "There is no $(PYTHON) here; softbeam needs Python 3.11 or later." >&2; \
	    echo "Name it: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; \
	    exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "softbeam needs Python 3.11 or later; $(PYTHON) is $$("$(PYTHON)" --version 2>&1)." >&2; \
	    echo "Name a later one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; \
	    exit 1; }
	@rm -rf $(VENV)
	@echo "Making the virtual environment $(VENV)"
	@"$(PYTHON)" -m venv $(VENV) || { \
	    rm -rf $(VENV); \
	    echo "$(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv" >&2; \
	    exit 1; }
	@touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml
	@echo "Installing softbeam into $(VENV)"
	@$(PIP) install --editable .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.made pyproject.toml
	@echo "Installing softbeam and the tools that test it into $(VENV)"
	@$(PIP) install --editable '.[test]'
	@$(PIP) install --editable '.[cuda]' || \
	    echo "NVIDIA's compiler cannot be installed here: the tests that compile are skipped" >&2
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
