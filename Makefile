# `make` lists the targets. A fresh machine needs Python 3.11 or newer and make only.
.DEFAULT_GOAL := list
.SUFFIXES:
MAKEFLAGS += --no-print-directory
SHELL := /bin/sh

PYTHON ?= python3
PORT ?= 8000
TESTS ?= tests
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all:
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

# An installation is made anew when a lock or the project's own declaration changes, and only then.
RUNTIME := .venv/runtime-$(shell cat config/requirements.lock config/requirements-build.lock pyproject.toml | cksum | cut -d' ' -f1)
DEVELOP := .venv/develop-$(shell cat config/requirements.lock config/requirements-dev.lock pyproject.toml | cksum | cut -d' ' -f1)
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard idp/translations/*/LC_MESSAGES/*.po))

# Compiled modules are kept whatever the caller's shell says: a second start is twice as fast with them.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: list run test test-slow check format bench docs screenshots clean demo-reset lock translations db-revision install develop parts

list:
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

run: install ## serve the provider and the two relying apps with demo data (PORT=8000 and the two above)
	@exec $(BIN)/idp demo --port $(PORT)

demo-reset: install ## throw the demo data away; refused while it runs
	@exec $(BIN)/idp demo reset

test: develop parts ## run all tests that fit into six minutes (TESTS=tests/unit for a part)
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow" $(TESTS)

test-slow: develop ## run the tests that take longer
	@sh .ci/parts.sh slow
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m slow $(TESTS)

check: develop ## lint, types, import contract, sizes, translations, drift of generated files
	@$(BIN)/python .ci/check.py

format: develop ## format the code
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

bench: develop parts ## measure what operations cost, beside floor and peer (ARGS="--record", "--scale")
	@PYTHONPATH=.:clients $(BIN)/python -m bench $(ARGS)

docs: develop ## write the generated pages: settings and their example file, the chart's schema and values
	@$(BIN)/idp settings write-docs
	@PYTHONPATH=. $(BIN)/python .ci/chart.py write

screenshots: develop parts ## take the README's pictures by the browser tests
	@mkdir -p docs/screenshots
	@SCREENSHOTS=docs/screenshots $(BIN)/python -m pytest -n 0 -k "j1_activation or j2_login or j3_j4_j5" tests/browser

translations: install ## compile the German texts
	@$(BIN)/python .ci/translations.py compile

db-revision: develop ## draft a migration from the tables (MESSAGE="add a column")
	@$(BIN)/idp db revision "$(MESSAGE)"

lock: develop ## resolve the dependencies anew and pin them with hashes
	@$(COMPILE) pyproject.toml -o config/requirements.lock
	@$(COMPILE) pyproject.toml --extra tracing -c config/requirements.lock -o config/requirements-tracing.lock
	@$(COMPILE) pyproject.toml --extra tracing --group dev -c config/requirements-tracing.lock -o config/requirements-dev.lock
	@$(COMPILE) --group pyproject.toml:build -o config/requirements-build.lock
	@$(COMPILE) --group pyproject.toml:image -o config/requirements-image.lock

clean: ## remove what is made from the sources; data stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .cache build dist *.egg-info
	@find idp clients tests bench -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
	@rm -f $(CATALOGUES)

install: $(RUNTIME) $(CATALOGUES)

develop: $(DEVELOP) $(CATALOGUES)

parts:
	@sh .ci/parts.sh

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "Python 3.11 or newer is needed (make PYTHON=python3.11 …)" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "python's venv module is needed (Debian: apt-get install python3-venv)" >&2; exit 1; }

$(RUNTIME): | .venv/bin/python
	@echo "installing the locked dependencies …"
	@$(PIP) -r config/requirements-build.lock -r config/requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-index --no-build-isolation --editable .
	@rm -f .venv/runtime-* && touch $@

$(DEVELOP): $(RUNTIME)
	@echo "installing what tests and checks need …"
	@$(PIP) -r config/requirements-dev.lock
	@rm -f .venv/develop-* && touch $@

idp/translations/%.mo: idp/translations/%.po | $(RUNTIME)
	@$(BIN)/python .ci/translations.py compile $<
