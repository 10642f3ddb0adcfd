# make run    serve Sounding Board (makes .venv and the demo at first start)
# make test   check and test everything (installs what computing embeddings needs, too)
# Both are safe to run again, and quick the second time.
# make check    lint, formatting, types and the house's arrows
# make docs    write docs/reference anew, from the code
# make messages    find the words of raters' pages, and merge them into webapp/translations
# make test-browsers    a rater's whole way in Chromium, Firefox ESR and WebKitGTK
# make test-long    what takes hours: simulations, load and kills, fuzz, planted faults, mutants;
#                   goes on where it was stopped, and writes docs/evidence
# make screenshots    take pictures of every page
# make locks    renew locks/ after a pin changed; UPGRADE=1 takes the newest of what the pins leave
#               open
# make python    make .venv alone

# Where make run serves; 0.0.0.0 lets your network in.
HOST ?= 127.0.0.1
# At which port.
PORT ?= 5000
# The environment.
VENV ?= .venv
# The Python that makes it; found by itself unless told.
PYTHON ?=
# Processes that run tests: one more than two cores, since browsers and servers are waited for.
WORKERS ?= 3
# More options for pytest; .ci/run has the slowest tests shown.
SHOWN ?=
# More options for pip, such as an index that holds PyTorch's CPU build.
PIP_FLAGS ?=

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_FLAGS)

.PHONY: run test test-long test-browsers check docs messages screenshots locks python
.DELETE_ON_ERROR:

run: $(VENV)/web.installed
	@$(BIN)/flask setup --host $(HOST) --port $(PORT)
	@$(BIN)/flask run --host $(HOST) --port $(PORT)

# Workers share the tests; what is killed half way, and load, has the machine for itself.
# Hundreds of processes are started: each reads what one of them compiled, whatever is set outside.
test: export PYTHONDONTWRITEBYTECODE =
test: check
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
	  $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not slow and not long and not engines and not serial" $(SHOWN)
	$(BIN)/python -m pytest -m "serial and not slow and not long and not engines" $(SHOWN)

test-browsers: $(VENV)/test.installed
	CI=1 $(BIN)/python -m pytest -m engines tests/browser/test_engines.py $(SHOWN)

test-long: $(VENV)/test.installed
	$(BIN)/python -m tools.long

check: $(VENV)/test.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/web.installed
	$(BIN)/python -m tools.reference

messages: $(VENV)/web.installed
	$(BIN)/python -m tools.messages

screenshots: $(VENV)/test.installed
	$(BIN)/python -m tools.screenshots

locks: | python
	@$(PIP) -r requirements-locks.txt
	$(BIN)/python tools/locks.py $(if $(UPGRADE),--upgrade)

python:
	@tools/venv.sh $(VENV) $(PYTHON)

$(VENV)/web.installed: locks/web.txt | python
	@echo "Installing what the web app needs (about a minute, once)"
	@$(PIP) --require-hashes -r locks/web.txt
	@touch $@

$(VENV)/test.installed: requirements-test.txt requirements-formats.txt requirements-postgresql.txt requirements.txt locks/full.txt $(VENV)/web.installed | python
	@echo "Installing what the tests and computing embeddings need (some minutes, once)"
	@$(PIP) -r requirements-test.txt -c locks/full.txt
	@touch $@
