# The set-up and the checks; everything else is `deploy.py`, whose commands README.md lists.
PYTHON ?= python3
export PYTHON
python := .venv/bin/python
.PHONY: help demo demo-down test lint bench-cache picture packages environment

help: ## list these targets (the default)
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20

demo: environment ## run the whole stack and the site on this machine; ARTICLES=FILE_OR_URL picks the data
	$(python) deploy.py create --local --yes $(if $(ARTICLES),--articles '$(ARTICLES)')
	$(python) deploy.py bench --local --requests 10

demo-down: ## end the demo and remove every file that it made
	@sh local/demo_down.sh

test: lint ## run every check and every test
	$(python) -m pytest --numprocesses auto tests/provisioner
	$(python) -m pytest --ignore tests/provisioner

lint: environment ## ruff, mypy and shellcheck
	$(python) -m ruff check .
	$(python) -m ruff format --check .
	$(python) -m mypy
	shellcheck .ci/run local/*.sh tests/boot/*.sh

bench-cache: environment ## measure cached pages beside Django's usual ways; takes about ten minutes
	$(python) -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	$(python) bench/cache.py

picture: environment ## make the picture in README.md again
	$(python) -m tests.browser.picture

packages: ## install the system packages that are missing, or name them
	@sh local/packages.sh $(checker) $(browser) $(sandbox)

environment: packages ## make .venv and install the pinned requirements
	@sh local/environment.sh

test lint: checker := shellcheck
test picture: browser := chromium
test: sandbox := mmdebstrap nspawn
