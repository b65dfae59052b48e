# Two commands do all the set-up on a fresh machine: `make run` and `make test`.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin

# what `vori up` gives the processes of its Ray: one thread, and memory as in vori_ray/local/ray_cluster.py
JEMALLOC = $(abspath $(wildcard $(VENV)/lib/python3.11/site-packages/ray/core/libjemalloc.so))
AS_IN_RAY = OPENBLAS_NUM_THREADS=1 LD_PRELOAD=$(JEMALLOC) \
	MALLOC_CONF=background_thread:true,narenas:2,dirty_decay_ms:5000,muzzy_decay_ms:0

.PHONY: help install install-dev run demo test test-slow check format bench bench-speech bench-tickets bench-insights bench-gpu lock clean
.DEFAULT_GOAL := help

help: ## print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

install: $(VENV)/.installed ## create .venv and install the locked packages
install-dev: $(VENV)/.installed-dev

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info[:2] == (3, 11) else f"VORI needs Python 3.11; {sys.executable} is {sys.version.split()[0]}. Try: make PYTHON=/path/to/python3.11")'
	@echo "== creating $(VENV) and installing the locked packages (about 1 GB, a few minutes the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@echo "== installing the locked development packages"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

run: install ## start everything, play the demo meeting, then serve until Ctrl-C
	@exec $(BIN)/vori demo --serve

demo: install ## play the demo meetings and exit 0 when their results are complete
	@exec $(BIN)/vori demo --language all

test: install-dev ## every test that fits in fifteen minutes, on real parts
	@exec $(BIN)/python -m pytest -m "not slow" -n 2 --dist loadscope --no-loadscope-reorder

test-slow: install-dev ## the long tests: soak, chaos, fuzzing
	@exec $(BIN)/python -m pytest -m slow

check: install-dev ## formatting, lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install-dev ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: bench-speech bench-tickets bench-insights ## every benchmark; tables under docs/benchmarks

bench-speech: install-dev ## streaming speech: latency, accuracy, capacity
	$(AS_IN_RAY) $(BIN)/python -m tests.benchmarks.speech

bench-tickets: install-dev ## tickets: speech to board, undo, scores of the offline extractor
	$(BIN)/python -m tests.benchmarks.tickets

bench-insights: install-dev ## analytics: latency, boards, chaos, reanalysis, notebooks
	$(BIN)/python -m tests.benchmarks.insights

bench-gpu: install-dev ## streams a GPU carries, on random models of the real sizes; without a GPU it says so
	$(BIN)/python -m tests.benchmarks.gpu

lock: ## compile both lock files again
	$(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --generate-hashes --no-emit-index-url --no-header -o requirements-dev.lock
	$(BIN)/uv pip compile pyproject.toml -c requirements-dev.lock --generate-hashes --no-emit-index-url --no-header -o requirements.lock

clean: ## stop what runs and remove everything that was made
	@if test -x $(BIN)/vori; then $(BIN)/vori down || true; fi
	rm -rf $(VENV) .vori build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
