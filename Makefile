# make setup   install the Python packages into .venv
# make run     the whole site on http://127.0.0.1:8000 (PORT=...), with demo data
# make test    everything, on real servers; as root it installs the Debian packages it lacks
# make lint    style, types, import direction, migrations
# make fmt     put the code into shape
# make messages  take the texts of the code into the catalogues of mailadmin/locale, to be translated there
# make bench   how fast it is, beside what the machine allows
# make lock    write requirements/*.txt anew from pyproject.toml
PYTHON ?= python3
BIN = .venv/bin
UNIT = --ignore=tests/browser --ignore=tests/mailstack
# What must also hold on SQLite, the database of `make run`.
ON_SQLITE = tests/domains tests/mailboxes tests/aliases tests/vacations tests/app_passwords tests/accounts tests/audit tests/letters \
	tests/mailhost tests/test_migrations.py

.PHONY: setup setup-test run test lint fmt messages bench lock

setup:
	@$(PYTHON) deploy/install.py

run:
	@exec $(PYTHON) deploy/run.py

setup-test:
	@$(PYTHON) deploy/packages.py deploy/packages-test.txt
	@$(PYTHON) deploy/install.py --dev

test: setup-test lint
	$(BIN)/pytest -q -n 2 $(UNIT)
	$(BIN)/pytest -q -n 2 --database=sqlite $(wildcard $(ON_SQLITE))
	$(BIN)/pytest -q -n 2 --dist=loadfile tests/browser tests/mailstack

lint messages: export SECRET_KEY = lint-only-lint-only-lint-only-lint-only-lint-only-0123
lint:
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check --fail-level WARNING

fmt:
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

messages: setup-test
	$(BIN)/python manage.py makemessages --all --no-location --no-wrap --no-obsolete \
		$(foreach each,.venv var tests bench,--ignore=$(each))

bench: setup-test
	$(BIN)/python -m bench

COMPILE = $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-index-url \
	--no-emit-trusted-host --no-emit-find-links pyproject.toml
lock: setup-test
	$(COMPILE) --output-file requirements/base.txt
	$(COMPILE) --output-file requirements/mysql.txt --constraint requirements/base.txt --extra mysql
	$(COMPILE) --output-file requirements/dev.txt --constraint requirements/mysql.txt --extra mysql --extra dev
