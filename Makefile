# The menu for developers. `./up` and `./test` need no make.
PYTHON = .venv/bin/python

help:            ## this list
	@sed -n 's/^\([a-z -]*\):.*## /\1	/p' Makefile | expand -t 16

setup:           ## make .venv equal to requirements-dev.lock
	@sh -c '. ./.ci/bootstrap && bootstrap requirements-dev.lock'

up:              ## start everything on this machine
	@./up

test:            ## the fast tests
	@./test

all:             ## everything that continuous integration runs
	@./.ci/run

check:           ## format, lint, types and import contracts, without tests
	@$(PYTHON) -m ruff format . && $(PYTHON) -m ruff check . && $(PYTHON) -m mypy && .venv/bin/lint-imports

journey crash browser: ## one kind of slow tests: make journey
	@./test -m $@

migration:       ## write what tables/ says and the database lacks: make migration name=add_something
	@DATABASE_URL="$(DATABASE_URL)" .venv/bin/alembic revision --autogenerate -m "$(name)"

words:           ## renew the catalogue of what registrants read, and what is to be translated of it
	@.venv/bin/pybabel -q extract -F pyproject.toml $(WORDS) -o $(CATALOGUE)/pages.pot .
	@.venv/bin/pybabel -q update -D pages -i $(CATALOGUE)/pages.pot -d $(CATALOGUE) --no-fuzzy-matching --ignore-obsolete

lock:            ## renew both lock files from pyproject.toml
	@$(LOCK) --extra local -o requirements.lock
	@$(LOCK) --extra local --group dev -c requirements.lock -o requirements-dev.lock

CATALOGUE = campaigns/locale
WORDS = -k mark --project webinar-campaigns --version 1 --add-location=file --sort-by-file

LOCK = .venv/bootstrap/bin/uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --no-header --quiet

.PHONY: help setup up test all check journey crash browser migration lock
