# WebTV's commands. GNU make and a POSIX shell; everything else is set up in .venv/ when first needed.
# ARGS passes options on:  make run ARGS="--port 9000"    make test ARGS="-k playlist -x"

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
TORCH := 2.13.0
# Without what it depends on: of torchvision there is no build that fits every torch, and its models need none of it.
SPANDREL := spandrel==0.4.2 einops==0.8.2
ARGS :=
HOURS := 2

# Stamps: setting up happens once, and again when what it depends on changes.
PYTHON_READY := $(VENV)/.python
RUN_READY := $(VENV)/.run
TEST_READY := $(VENV)/.test
MODELS_READY := $(VENV)/.models

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'

.PHONY: run
run: $(RUN_READY) ## put the shipped channels on air at http://localhost:8000
	@exec $(BIN)/webtv serve $(ARGS)

.PHONY: test
test: system $(TEST_READY) browser check ## everything that needs no model code
	@$(BIN)/pytest -q -m "not models and not long" $(ARGS)

.PHONY: test-models
test-models: $(MODELS_READY) ## the model adapters, with torch, on tiny models
	@$(BIN)/pytest -q -m models tests/models $(ARGS)

.PHONY: test-long
test-long: system $(TEST_READY) browser ## soak, chaos at length, the open tab
	@$(BIN)/pytest -q -m long $(ARGS)

.PHONY: check
check: $(TEST_READY) ## style, types and import contract
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { echo "make check: run $(BIN)/ruff format ."; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports >$(VENV)/lint-imports.log 2>&1 || { cat $(VENV)/lint-imports.log; exit 1; }

.PHONY: smoke
smoke: $(RUN_READY) ## three minutes: start, watch, stop, no leftovers
	@$(BIN)/python tests/e2e/smoke.py $(ARGS)

.PHONY: soak
soak: system $(RUN_READY) ## the whole station for HOURS=2, watched on every output; report in artifacts/soak
	@$(BIN)/python tests/long/soak.py --hours $(HOURS) $(ARGS)

.PHONY: bench
bench: $(RUN_READY) ## every benchmark, as tables
	@for what in air studio interpolate web start viewer; do $(BIN)/webtv bench $$what $(ARGS) || exit 1; done

.PHONY: constraints
constraints: $(TEST_READY) ## pin the newest versions that pyproject.toml allows
	@$(PIP) install uv
	@$(UV) --group dev pyproject.toml -o constraints.txt
	@printf 'torch==$(TORCH)\n' | $(UV) --extra models --group models-dev -c constraints.txt -c - pyproject.toml -o constraints-models.txt

# For every Python and system at once; no registry and no path of this machine gets into the files.
UV = $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-emit-index-url \
	--no-annotate --custom-compile-command "make constraints"

.PHONY: clean
clean: ## remove what was set up and built; never data/
	@rm -rf $(VENV) build dist artifacts .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis src/*.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- setting up -------------------------------------------------------------------------------------------------

# The first Python that is new enough and can make an environment; looked for only when a recipe names it.
PYTHON = $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

$(PYTHON_READY):
	@python="$(PYTHON)"; if [ -z "$$python" ]; then \
		echo "WebTV needs Python 3.11 or newer with venv: sudo apt-get install python3 python3-venv" >&2; exit 1; fi; \
	echo "Setting up $(VENV)/ with $$($$python --version); this is done once." >&2; \
	$$python -m venv $(VENV) && touch $@

$(RUN_READY): pyproject.toml constraints.txt | $(PYTHON_READY)
	@$(PIP) install -c constraints.txt -e .
	@touch $@

# Dependency groups need a newer pip than Python 3.11 brings along.
$(TEST_READY): $(RUN_READY)
	@$(PIP) install 'pip>=25.1'
	@$(PIP) install -c constraints.txt --group dev
	@touch $@

# torch comes first and alone: whatever build of this version the machine's index offers (a CPU build where there is
# one) then satisfies the pin, and nothing that follows replaces it.
$(MODELS_READY): $(TEST_READY) constraints-models.txt
	@echo "Setting up torch and the model libraries; this is done once." >&2
	@$(PIP) install -c constraints.txt -c constraints-models.txt torch==$(TORCH)
	@$(PIP) install -c constraints.txt -c constraints-models.txt -e '.[models]' --group models-dev
	@$(PIP) install --no-deps $(SPANDREL)
	@touch $@

# ---- programs that tests run against: nginx with RTMP, Chromium ---------------------------------------------------

# Ubuntu has no Chromium package (only a snap), so Playwright fetches its own there.
UBUNTU = $(shell grep -s '^ID=ubuntu' /etc/os-release)
BROWSER = $(shell command -v chromium || command -v google-chrome-stable || command -v google-chrome || \
	ls -d $$HOME/.cache/ms-playwright/chromium-* 2>/dev/null)
RTMP = $(shell PATH="$$PATH:/usr/sbin:/sbin"; command -v nginx && ls /usr/lib/nginx/modules/ngx_rtmp_module.so 2>/dev/null)
MISSING = $(strip $(if $(PYTHON),,python3 python3-venv) $(if $(word 2,$(RTMP)),,nginx-light libnginx-mod-rtmp) \
	$(if $(BROWSER)$(UBUNTU),,chromium fonts-dejavu-core) $(if $(shell command -v openssl),,openssl))

.PHONY: system
system:
	@missing="$(MISSING)"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" != 0 ] || ! [ -e /etc/debian_version ]; then \
		echo "The tests need more programs: sudo apt-get install -y $$missing" >&2; exit 1; fi; \
	echo "Installing $$missing" >&2; \
	export DEBIAN_FRONTEND=noninteractive; \
	apt-get update -qq && apt-get install -y -qq --no-install-recommends $$missing >/dev/null

.PHONY: browser
browser: $(TEST_READY)
	@[ -n "$(BROWSER)" ] || $(BIN)/playwright install --with-deps chromium
