# Needs make and Python 3.11 or newer; everything else goes into .venv, once.
# Another interpreter: make test PYTHON=/path/to/python3

PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11 python,$(call suitable,$(name))))
suitable = $(if $(1),$(shell $(1) -c 'import sys, venv, ensurepip; \
	sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $(1)))
BIN := .venv/bin

.PHONY: demo test test-slow clean

demo: .venv/ready
	$(BIN)/regard demo

test: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/pytest -q -n 2

test-slow: .venv/ready
	$(BIN)/pytest -q -n 2 -m slow

clean:
	rm -rf .venv build dist .pytest_cache .ruff_cache

# The stamp comes last: an interrupted installation is done again.
.venv/ready: pyproject.toml constraints.txt
	@test -n "$(call suitable,$(PYTHON))" || { echo "make: no Python 3.11 or newer with venv and \
	ensurepip was found$(if $(PYTHON), at $(PYTHON)); install one, or name it: \
	make PYTHON=/path/to/python3" >&2; exit 2; }
	@echo "Installing regard and what it needs into .venv (once; a few minutes where torch is fetched)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check \
		--constraint constraints.txt --editable '.[dev]'
	@touch $@
