# Two commands: `make report` runs the month on the sample workspace, `make test` runs every check. Each stands alone.
PYTHON ?= python3
MONTH ?= 2026-10
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

.PHONY: report test lint unit browser bench lock pictures clean

report: $(READY)
	@$(BIN)/opsretro run --month $(MONTH) --workspace data --out reports

test: $(READY) lint browser
	@$(BIN)/python -m pytest -n 2
	@$(BIN)/python -m pytest --nbval-lax notebooks -q -p no:cacheprovider

lint: $(READY)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy

unit: $(READY)
	@$(BIN)/python -m pytest -n 2 -m "not slow and not browser"

browser: $(READY)
	@$(BIN)/python tests/browser_setup.py

# Peers that only the bench compares with stay out of the lock.
bench: $(READY)
	@$(BIN)/python -c 'import causal_impact, metriclens, statsmodels, wise_pizza' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check bsts-causalimpact metriclens statsmodels wise-pizza
	@$(BIN)/python bench/month.py
	@$(BIN)/python bench/pdf.py
	@$(BIN)/python bench/archive.py
	@$(BIN)/python bench/teams.py
	@$(BIN)/python bench/cluster.py
	@$(BIN)/python bench/limits.py
	@$(BIN)/python bench/review.py
	@$(BIN)/python bench/pace.py
	@$(BIN)/python bench/alerts.py
	@$(BIN)/python bench/effects.py
	@$(BIN)/python bench/holdout.py
	@$(BIN)/python bench/causes.py
	@$(BIN)/python bench/forms.py
	@$(BIN)/python bench/health.py
	@$(BIN)/python bench/health_changes.py
	@$(BIN)/python bench/followup.py
	@$(BIN)/python bench/ledger.py
	@$(BIN)/python bench/meeting.py

pictures: $(READY) browser
	@$(BIN)/python docs/pictures.py

lock:
	uv pip compile pyproject.toml --universal --extra cluster --extra notify --extra test --extra build --extra bench --generate-hashes --no-emit-index-url -q -o requirements.lock

clean:
	rm -rf $(VENV) reports/2* reports/teams reports/index*.html reports/.[a-z0-9]*.json .pytest_cache .mypy_cache .ruff_cache

# One environment for everything, made again only when the lock or the project file changes.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("opsretro needs Python 3.11 or newer; this is %d.%d. Try: make PYTHON=python3.12" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@echo "opsretro: setting up $(VENV), once; this takes a minute or two"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
