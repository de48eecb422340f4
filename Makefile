# Every target can be run twice in a row; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
export PATH := $(CURDIR)/$(BIN):$(PATH)
SUDO := $(if $(filter 0,$(shell id -u)),,sudo --preserve-env)

# The lab a person looks at, and the one the tests use: both may run at once.
LAB_NAME ?= olab
TEST_LAB := test
in_lab = $(SUDO) env LAB_NAME=$(1) PATH="$$PATH"
LAB := $(call in_lab,$(LAB_NAME)) lab
LAB_INVENTORY := inventories/lab
PLAY := $(call in_lab,$(LAB_NAME)) ansible-playbook -i $(LAB_INVENTORY)
PASSWORD := /run/hybrid-lab/$(LAB_NAME)/password
SECRETS := /run/hybrid-lab/$(LAB_NAME)/.secrets

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(INSTALLED): requirements/development.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=/path/to/python3")'
	@[ -x $(BIN)/pip ] || $(PYTHON) -m venv $(VENV) 2>/dev/null \
	  || { $(SUDO) apt-get install -y -qq python3-venv && $(PYTHON) -m venv --clear $(VENV); }
	$(BIN)/pip install --quiet --require-hashes -r requirements/development.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: venv
venv: $(INSTALLED) ## Python tools of the project, in .venv

# Debian packages of a list, those that are not there yet.
define install
	@missing=$$(for package in $$(grep -v '^#' $(1)); do \
	    dpkg-query --show --showformat '$${db:Status-Status}' "$$package" 2>/dev/null | grep -qx installed || echo "$$package"; done); \
	  [ -z "$$missing" ] || { echo "Installing $$(echo $$missing)"; \
	    $(SUDO) apt-get update -qq; DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq $(2) $$missing >/dev/null; }
endef

.PHONY: lab-packages
lab-packages:
	$(call install,lab/packages.txt)

# A browser, of which what it recommends is more than itself.
.PHONY: page-packages
page-packages:
	$(call install,tests/page/packages.txt,--no-install-recommends)

.PHONY: page
page: venv page-packages ## the status page in a browser: login, keyboard, a phone, axe
	$(BIN)/pytest --quiet tests/page

.PHONY: lab
lab: venv lab-packages ## a simulated cluster on this Linux machine, configured by site.yml
	$(LAB) up --inventory $(LAB_INVENTORY)
	$(PLAY) playbooks/bootstrap.yml --connection-password-file $(PASSWORD) --become-password-file $(PASSWORD)
	$(PLAY) site.yml
	$(LAB) status
	@printf '\nWhat a worker gets:\n'
	@$(LAB) ssh olab1 -- zsh -s < lab/tour.zsh
	@printf '\nThree prompts (the models are generated, so their answers are noise):\n'
	@{ printf 'key=%s\n' "$$($(SUDO) cat $(SECRETS)/model_api_key)"; cat lab/ask.zsh; } | $(LAB) ssh olab1 -- zsh -s
	@printf '\nNext, try (as root, after: source %s/activate):\n' "$(BIN)"
	@printf '  %-48s %s\n' 'lab ssh olab1' 'look around on a simulated Mac' \
	  'ansible-playbook -i $(LAB_INVENTORY) site.yml' 'run it again: nothing changes' \
	  'lab cable olab1:1 olab2:1 --unplug' 'pull a cable, then run playbooks/verify.yml' \
	  'make lab-down' 'end it'

.PHONY: lab-down
lab-down: venv ## end the simulated cluster and leave nothing behind
	$(LAB) down

.PHONY: lint
lint: venv ## every linter over everything, side by side
	$(BIN)/python -m tests.run.check lint

.PHONY: unit
unit: venv ## unit tests; T=words runs those whose names have them, in tests/plays too
	$(BIN)/pytest --numprocesses $(if $(T),0,auto) --quiet tests/unit $(if $(T),tests/plays -k "$(T)")

.PHONY: plays
plays: venv ## the tests that run Ansible on this machine, which take minutes
	$(BIN)/pytest --numprocesses auto --quiet tests/plays

.PHONY: check
check: venv ## linters and unit tests; ansible-lint reads what changed since the last landing
	$(BIN)/python -m tests.run.check --changed lint unit

RUN := $(SUDO) env PATH="$$PATH" python -m tests.run
SELECTED := $(if $(FROM),--from $(FROM)) $(if $(AGAIN),--again)

.PHONY: test
test: venv lab-packages ## what CI runs, side by side in labs, with a table at the end; FROM=stage leaves out what is before, AGAIN=1 what passed
	$(RUN) $(SELECTED)

.PHONY: test-all
test-all: venv lab-packages ## everything, also what is too long for every change; FROM=stage and AGAIN=1 as above
	$(RUN) --all $(SELECTED)

.PHONY: scenario
scenario: venv lab-packages ## one role in the test lab: ROLE=exo
	$(call in_lab,$(TEST_LAB)) molecule reset -s $(ROLE)
	$(call in_lab,$(TEST_LAB)) molecule test -s $(ROLE) --destroy=never

.PHONY: turn
turn: ## before the first change after a landing: from here on, changes count and what was left out comes nearer
	$(PYTHON) -m tests.run.turn

.PHONY: bench
bench: venv lab-packages ## what runs cost, and build/bench.json; PART=site runs one part
	$(SUDO) env PATH="$$PATH" PYTHONPATH=collections python -m tests.benchmarks $(PART)

.PHONY: generate
generate: venv ## what follows from declarations: metadata, tables, texts of settings, the role reference and READMEs
	PYTHONPATH=collections $(BIN)/python -m generate

.PHONY: role
role: venv ## a new role that passes every test, to go on with: NAME=llama_cpp, PLAYBOOK=backends
	PYTHONPATH=collections $(BIN)/python -m generate.new_role $(NAME) $(if $(PLAYBOOK),--playbook $(PLAYBOOK))

SITE_TOOLS := build/site-environment

$(SITE_TOOLS)/.installed: requirements/site.txt | $(INSTALLED)
	$(BIN)/python -m venv $(SITE_TOOLS)
	$(SITE_TOOLS)/bin/pip install --quiet --require-hashes -r requirements/site.txt
	@touch $@

.PHONY: site-tools
site-tools: $(SITE_TOOLS)/.installed

.PHONY: site
site: site-tools ## the documentation as HTML in build/site, with every module, plugin and role
	PYTHONPATH=collections $(SITE_TOOLS)/bin/python -m tools.site

.PHONY: release
release: venv ## check the tree, write changelog and versions, build the tarball, commit and tag: VERSION=1.2.0
	@$(BIN)/python -m tools.release "$(VERSION)"

.PHONY: dashboards
dashboards: venv ## the dashboards of Grafana, from dashboards/*.yml
	$(BIN)/python -m dashboards.build

# What hosts get lies in the role that brings it; the first line of its file says where, and a line of options for which hosts,
# where that is not all.
LOCK = $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --no-annotate
FOR_ALL = --universal --python-version 3.11

.PHONY: lock
lock: venv ## resolve requirements/*.in into hashed lock files that name no index
	for name in runtime command development gateway_clients importer site; do \
	  $(LOCK) $(FOR_ALL) requirements/$$name.in --output-file requirements/$$name.txt; done
	for file in requirements/hosts/*.in; do \
	  options="$$(sed -n 's/^# options: //p' $$file)"; \
	  $(LOCK) $${options:-$(FOR_ALL)} --only-binary :all: $$file --output-file "$$(sed -n '1s/^# \([^:]*\):.*/\1/p' $$file)"; done
