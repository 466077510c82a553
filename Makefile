# Every task of the project. `make` lists them; .ci/run and the README call them.
#
# The virtual environment holds one build of the native module: cargo's dev profile (see Cargo.toml). `cargo test` compiles
# the same engine and dependencies for the same profile, so they are built once for the tests, for the review and for the
# notebook.
# Wheels and benchmarks are built with the release profile.

PYTHON ?= python3
CARGO  ?= cargo
OUT     = review
BENCH   = --organisations 200000 --years 10
FUZZ    = csv header cells
SECONDS = 3600

VENV  := .venv
BIN   := $(VENV)/bin
DATA  := python/dangjian/datasets/hexigten
# What was done is remembered by empty files, so that a second run does only what is new.
DEPS   := $(VENV)/.dependencies
NATIVE := $(VENV)/.native
RUST_TESTED   := target/.tested-rust
PYTHON_TESTED := target/.tested-python

# This environment and no other that may be active; and one interpreter for all builds of the binding, since cargo
# would start anew whenever it changed.
unexport CONDA_PREFIX PYTHONPATH PYTHONHOME
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
export PYO3_PYTHON := $(CURDIR)/$(BIN)/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1

RUST   := $(shell find src python/src definitions -type f) Cargo.toml Cargo.lock python/Cargo.toml
PYFILE := $(shell find python/dangjian -type f -not -path '*/datasets/hexigten/*' -not -name '*.so' -not -name '*.pyc')
RTESTS := $(shell find tests examples fuzz/src fuzz/seeds -type f -not -path 'tests/python/*' 2>/dev/null)
PTESTS := $(shell find tests/python notebooks -type f \( -name '*.py' -o -name '*.ipynb' \) 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help review test test-rust test-python check lint bench fuzz docs notebook wheel clean
.DELETE_ON_ERROR:

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

review: $(NATIVE) ## Set everything up and review 2013 on the bundled ledgers, into ./review (OUT=…)
	$(BIN)/dangjian review $(DATA)/*.xlsx --workers $(DATA)/workers.csv --year 2013 --out $(OUT)
	@echo "The review is in $(OUT): open $(OUT)/review.html or $(OUT)/review.xlsx"

test: test-rust test-python ## Set everything up and run all tests: Rust, doctests, Python, notebook

test-rust: $(DEPS)
	@if $(CARGO) nextest --version >/dev/null 2>&1; then \
	    $(CARGO) nextest run --workspace && $(CARGO) test --workspace --doc; \
	else \
	    $(CARGO) test --workspace; \
	fi
	@mkdir -p target && touch $(RUST_TESTED)

test-python: $(NATIVE)
	$(BIN)/python -m pytest
	@mkdir -p target && touch $(PYTHON_TESTED)

# Tests that passed and whose files have not changed since are not run again.
$(RUST_TESTED): $(RUST) $(RTESTS)
	@$(MAKE) --no-print-directory test-rust
$(PYTHON_TESTED): $(NATIVE) $(PYFILE) $(PTESTS)
	@$(MAKE) --no-print-directory test-python

check: lint $(RUST_TESTED) $(PYTHON_TESTED) ## Format, lints, documentation, types, and the tests that are due
	@echo "Clean: rustfmt, clippy, rustdoc, ruff, mypy, stubtest, and all tests passed."

lint: $(NATIVE)
	$(CARGO) fmt --all --check
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/stubtest dangjian._native

bench: $(DEPS) ## The reference workload against DuckDB and Polars (BENCH="--organisations N --years N" or "--panel FILE")
	$(BIN)/maturin build --release --quiet --interpreter $(BIN)/python --out target/bench
	$(BIN)/python -m pip install --quiet --no-deps --upgrade --target target/bench/site target/bench/*.whl
	PYTHONPATH=target/bench/site $(BIN)/python benches/reference.py $(BENCH)

# The crate of the targets stands outside the workspace. cargo-fuzz passes options of the nightly compiler, which every
# compiler takes if it is told to. No sanitizer: there is no unsafe code here. No trace of comparisons, which takes two
# thirds of the time, and tells what fuzz/dictionary.txt tells. Both buy more files.
FUZZING = -s none --no-trace-compares

fuzz: ## Feed hostile files to the readers, all targets side by side (SECONDS=3600, FUZZ="csv header")
	@$(CARGO) fuzz --version >/dev/null 2>&1 || { echo "cargo-fuzz is needed and not installed here: cargo install cargo-fuzz"; exit 1; }
	RUSTC_BOOTSTRAP=1 $(CARGO) fuzz build $(FUZZING)
	@$(MAKE) --no-print-directory -j $(words $(FUZZ)) $(FUZZ:%=fuzz-%)

fuzz-%:
	@mkdir -p fuzz/corpus/$*
	@echo "$*: $(SECONDS) s, log in fuzz/target/$*.log"
	@RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run $(FUZZING) $* fuzz/corpus/$* fuzz/seeds/$* -- -max_total_time=$(SECONDS) -max_len=65536 \
	    -timeout=10 -dict=fuzz/dictionary.txt -print_final_stats=1 >fuzz/target/$*.log 2>&1 || { tail -n 40 fuzz/target/$*.log; exit 1; }
	@sed -n 's/^Done \([0-9]*\) runs in \([0-9]*\) second.*/$*: \1 executions in \2 s, no finding/p' fuzz/target/$*.log

docs: $(NATIVE) ## Documentation of the Rust API, and every generated page of docs/
	$(CARGO) doc --workspace --no-deps
	UPDATE_DOCS=1 $(CARGO) test --quiet --test columns_page
	UPDATE_DOCS=1 $(BIN)/python -m pytest -q tests/python/binding/test_docs.py
	@echo "Open target/doc/dangjian/index.html, docs/columns.md and docs/problems.md"

notebook: $(NATIVE) ## Open the notebooks in JupyterLab
	$(BIN)/python -m pip install --quiet 'jupyterlab>=4.2'
	$(BIN)/jupyter lab notebooks

wheel: $(DEPS) ## Build the wheel and the source distribution into dist/
	$(BIN)/maturin build --release --sdist --interpreter $(BIN)/python --out dist

clean: ## Remove everything that was built
	rm -rf target fuzz/target .venv dist review python/dangjian/*.so

$(DEPS): requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, $(PYTHON) is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -r requirements-dev.lock
	@touch $@

# Installs the package, as links to the sources, where what describes it is new; else only the module is built, in place.
$(NATIVE): $(DEPS) $(RUST) pyproject.toml
	PIP_QUIET=1 $(BIN)/maturin develop --locked $(if $(filter $(DEPS) pyproject.toml,$?),,--skip-install)
	@touch $@
