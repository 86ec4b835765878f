# Every target sets up what it needs in .venv, and does it again only when something changed.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= $(shell scripts/find-python)
BIN := .venv/bin
KERNEL := $(shell find kernel -path kernel/target -prune -o -name '*.rs' -print -o -name 'Cargo.*' -print)
SOURCE := $(shell find src -type f -not -name '*.pyc') pyproject.toml

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: .venv/installed ## watch simulated traffic, with an alert (one minute)
	$(BIN)/hitwatch demo

test: .venv/installed ## run the tests against the built wheel
	$(BIN)/pytest

check: .venv/installed ## linters and types, then the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	cargo fmt --manifest-path kernel/Cargo.toml --all --check
	cargo clippy --manifest-path kernel/Cargo.toml --locked --all-targets -- -D warnings
	cargo test --manifest-path kernel/Cargo.toml --locked --quiet
	$(MAKE) test

bench: .venv/bench ## measure the figures of docs/performance.md
	$(BIN)/python bench/figures.py

compare: .venv/installed ## compare a report with GoAccess's, panel by panel
	$(BIN)/python bench/compare_goaccess.py

docs: .venv/installed ## write the tables of options, settings and arguments anew
	$(BIN)/python bench/options_pages.py

formats: .venv/installed ## compile formats and known bots, and write the tables of docs/formats.md anew
	$(BIN)/python bench/compile_data.py
	$(MAKE) .venv/installed
	$(BIN)/python bench/formats_page.py

fuzz: .venv/installed ## fuzz the parser for ten minutes, the bytes of tallies for five
	$(BIN)/python tests/fuzz/mutate.py --seconds 600
	PYTHONPATH=. $(BIN)/python tests/fuzz/damage.py --seconds 300

lock: .venv/dev ## pin the newest allowed versions again
	scripts/lock

clean: ## remove everything that was built
	rm -rf .venv dist kernel/target

.venv/dev: requirements/dev.txt scripts/check-tools
	@scripts/check-tools "$(PYTHON)"
	rm -rf .venv
	"$(PYTHON)" -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

.venv/bench: requirements/bench.txt .venv/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/installed: .venv/dev $(KERNEL) $(SOURCE)
	rm -rf dist
	$(BIN)/maturin build --release --locked --quiet --out dist --interpreter $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-index --force-reinstall dist/*.whl
	@touch $@

.PHONY: help demo test check bench compare docs formats fuzz lock clean
