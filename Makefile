# Two commands on a fresh machine: `make demo` and `make test`.  Everything lives in .venv beside this file; all paths
# here are relative, so the checkout may stand anywhere.  `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PY := .venv/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
INSTALL := $(PIP) install --constraint constraints.txt

# The first interpreter that is new enough; override with `make test PYTHON=/path/to/python`.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	if "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then echo "$$p"; break; fi; done)

# A virtual environment cannot be moved, because its scripts hold its path: one that says it was made elsewhere, or
# whose interpreter is gone or too old, is made afresh.  One that was already here is used.
USABLE := $(shell [ "$$(cat .venv/.place 2>/dev/null || pwd -P)" = "$$(pwd -P)" ] && \
	$(PY) -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo yes)
PROJECT := pyproject.toml setup.py constraints.txt $(wildcard grammar/*.lark)

.PHONY: help demo test cubins fuzz bench lint-corpus lint-mutations lint-speed lsp-speed fuzz-lint asan valgrind docs clean remake
help:  ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | while IFS=$$'\t' read -r name what; do \
		printf '  make %-11s %s\n' "$$name" "$$what"; done

demo: .venv/.core  ## check, derive, emit, verify and train attention, in about a minute, without a GPU or PyTorch
	@.venv/bin/indexcalc demo

test: .venv/.dev  ## lint, format, types, and all tests
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy --strict indexcalc
	$(PY) -m pytest --numprocesses auto --dist loadfile

cubins: .venv/.dev  ## the table of what CUDA kernels take, after a change of theirs (tests/golden/cubins.txt)
	$(PY) -m tests.backends.cupy.cubins

fuzz: .venv/.dev  ## the random tests with examples that were not drawn before
	HYPOTHESIS_PROFILE=fuzz $(PY) -m pytest --numprocesses auto --dist loadfile tests

bench: .venv/.bench  ## one table: this library against what one would use instead (ROWS=attention: those rows); kept in docs/performance.md
	$(PY) -m benchmarks.run --write $(ROWS)

lint-corpus: .venv/.dev  ## how many bugs of the corpus the linter finds, and how many false alarms it gives
	$(PY) -m benchmarks.lint_corpus --write

lint-mutations: .venv/.dev  ## how many mutations of one index the linter sees
	$(PY) -m benchmarks.lint_mutations

lint-speed: .venv/.dev  ## how fast the linter starts, and lints long files and many
	$(PY) -m benchmarks.lint_speed

lsp-speed: .venv/.dev  ## how fast the language server answers
	$(PY) -m benchmarks.lsp_speed

fuzz-lint: .venv/.dev  ## the linter on mutated sources of every kind for a minute (SECONDS=60), guided by atheris if it is there
	$(PY) -m tests.fuzz.lint --seconds $(or $(SECONDS),60)

asan: .venv/.dev  ## the tests of emitted C++ under AddressSanitizer and UndefinedBehaviorSanitizer (needs g++)
	LD_PRELOAD="$$(g++ -print-file-name=libasan.so):$$(g++ -print-file-name=libubsan.so)" ASAN_OPTIONS=detect_leaks=0 \
	CXX="g++ -fsanitize=address,undefined -fno-sanitize-recover=all -g1" \
		$(PY) -m pytest -p no:cacheprovider tests/backends/cpp/test_programs.py tests/backends/cpp/test_fused.py
	$(PY) -m tests.memcheck sanitizers

valgrind: .venv/.dev  ## emitted C++ in a program of its own under valgrind's memcheck (needs g++ and valgrind)
	$(PY) -m tests.memcheck valgrind

docs: .venv/.core  ## regenerate the pages and pictures that come out of the program itself
	$(PY) -m docs.generate

clean:  ## remove everything that the commands above made
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis indexcalc/syntax/_*tables.py
	find indexcalc examples grammar tests benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} +

remake:

ifeq ($(USABLE),yes)
.venv/.place:
	@pwd -P > $@
else
.venv/.place: remake
	@if [ -z "$(PYTHON)" ]; then \
		echo "indexcalc needs Python 3.11 or newer; found: $$(python3 --version 2>&1 || true)." >&2; \
		echo "Install one, or name it: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; fi
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "indexcalc needs Python 3.11 or newer; $(PYTHON) is $$("$(PYTHON)" --version 2>&1)." >&2; exit 1; }
	@echo "making .venv with $$("$(PYTHON)" --version)"
	@"$(PYTHON)" -m venv --clear .venv || { \
		echo "Making a virtual environment failed (Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; }
	@pwd -P > $@
endif

# Each stamp is written last, so that an interrupted installation is repeated.
.venv/.core: .venv/.place $(PROJECT)
	@echo "installing indexcalc"
	@$(INSTALL) --editable .
	@touch $@

.venv/.dev: .venv/.core
	@echo "installing the development tools and PyTorch (for the tests of the torch backend)"
	@$(INSTALL) --editable '.[dev,torch,lsp]'
	@touch $@

.venv/.bench: .venv/.core
	@echo "installing the benchmark's peers"
	@$(INSTALL) --editable '.[bench]'
	@touch $@
