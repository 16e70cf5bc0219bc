# The benchmark suite in one word each: `make help` lists them. Works with GNU make 3.81 and newer (what macOS has).

SUITE ?= starter
DB ?= results.db
DEVICE ?=
SEEDS ?=
PROFILE ?=
ONLY ?=
PLUGIN ?=
DATA ?=
SQL ?=
RUN ?=
LIMITS ?=
TRIALS ?=
MINUTES ?=
PYTHON ?=

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: bench plan tune show report findings readme reference speed choose export data sql browse status test test-long lint clean help stale

bench_command := .venv/bin/bench
python := .venv/bin/python
installed := .venv/.installed
light := .venv/.light
dev := .venv/.dev
inputs := pyproject.toml constraints.txt tools/setup.sh tools/requirements.py

# A checkout that was moved or copied, or another PYTHON than .venv was made with, is set up again.
ifneq ($(wildcard .venv/.folder),)
ifneq ($(shell cat .venv/.folder),$(shell pwd -P))
inputs += stale
endif
ifneq ($(PYTHON),)
ifneq ($(shell cat .venv/.python),$(PYTHON))
inputs += stale
endif
endif
endif

# An argument in quotes for the shell, and an option that is there only where its variable has a value.
quoted = '$(subst ','\'',$(1))'
option = $(if $(2),$(1) $(call quoted,$(2)))

suite := $(call quoted,$(SUITE))
db := $(call option,--db,$(DB))
chosen := $(call option,--profile,$(PROFILE)) $(call option,--only,$(ONLY))
settings := $(db) $(call option,--device,$(DEVICE)) $(call option,--seeds,$(SEEDS)) $(chosen) \
	$(call option,--plugin,$(PLUGIN)) $(call option,--data,$(DATA))

# A worker of the tests has one thread, since there are two of them.
one_thread := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

bench: $(installed) ## run a suite: trains what is missing, prints the table, writes the report
	@$(bench_command) run $(suite) $(settings)

plan: $(installed) ## what `make bench` would run, and how long it would take
	@$(bench_command) plan $(suite) $(settings)

show: $(light) ## the comparison table of a suite, from the database
	@$(bench_command) show $(suite) $(db) $(chosen)

tune: $(installed) ## search for the best options of a suite's methods, and confirm them on fresh seeds
	@$(bench_command) tune $(suite) --confirm $(db) $(call option,--device,$(DEVICE)) $(call option,--profile,$(PROFILE)) \
		$(call option,--trials,$(TRIALS)) $(call option,--plugin,$(PLUGIN)) $(call option,--data,$(DATA))

report: $(light) ## tables and figures of all that is in the database, into report/
	@$(bench_command) report $(db) $(call option,--only,$(ONLY))

findings: $(light) ## what holds of what others published, from the database, into FINDINGS.md
	@$(bench_command) findings $(db)

readme: $(light) ## the first screen of README.md, from the database
	@$(bench_command) findings $(db) --readme README.md

reference: $(installed) ## the runs that ship with the project, made or gone on with: make reference MINUTES=60
	@$(bench_command) reference $(call option,--minutes,$(MINUTES)) $(call option,--device,$(DEVICE))

speed: $(installed) ## how quickly the networks of a suite's runs answer, dense, masked and shrunk
	@$(bench_command) speed $(suite) $(db) $(call option,--device,$(DEVICE)) $(chosen) $(call option,--plugin,$(PLUGIN))

choose: $(light) ## the run of a suite that fits best: make choose LIMITS='--max-bytes 300k --min-accuracy 0.9'
	@$(bench_command) choose $(suite) $(db) $(chosen) $(LIMITS)

export: $(installed) ## the network of a run, into export/RUN: make export RUN=3f2a9c1b
	@$(if $(RUN),:,echo 'usage: make export RUN=3f2a9c1b; bench runs SUITE lists the names' >&2; exit 2)
	@$(bench_command) export $(call quoted,$(RUN)) $(db) $(call option,--plugin,$(PLUGIN))

sql: $(light) ## a query to the database: make sql SQL="SELECT * FROM summary"; without one, a shell for many
	@$(bench_command) sql $(if $(SQL),$(call quoted,$(SQL))) $(db)

browse: $(dev) ## the database in a web browser
	@$(bench_command) browse $(db)

status: $(light) ## who is at work on the database, what is left, what failed
	@$(bench_command) status $(db)

data: $(installed) ## where each data set was found, or how it would be got
	@$(bench_command) data $(call option,--data,$(DATA))

test: $(dev) ## the tests, without the long ones
	@$(one_thread) $(python) -m pytest -n 2

test-long: $(dev) ## the long tests: installations, kills, servers
	@$(one_thread) $(python) -m pytest -n 2 -m long --timeout 900

lint: $(dev) ## style, formatting and types of the code
	@$(python) -m ruff check .
	@$(python) -m ruff format --check .
	@$(python) -m mypy

clean: ## remove reports, caches and builds; never results.db, data/, kept states or .venv
	@rm -rf report build dist .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find analysis bench suites tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo 'kept: results.db, data/, .bench/ and .venv (to install anew: rm -rf .venv)'

help: ## this list
	@echo 'usage: make TARGET [VARIABLE=value ...]'
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo '  SUITE=starter    a suite of this project, or the path of your own (now: $(SUITE))'
	@echo '  PROFILE=quick    a smaller form of the suite'
	@echo '  SEEDS=3          seeds instead of those of the suite'
	@echo '  ONLY=...         a part of the grid: method=lottery,sparsity=0.9'
	@echo '  DEVICE=cpu       cpu, cuda, cuda:1 or mps; chosen by itself where not given'
	@echo '  DATA=real        real data or an error; standin: never real data'
	@echo '  PLUGIN=mine.py   a file with methods, scores, data sets or networks of your own'
	@echo '  RUN=3f2a9c1b     a run, by the first characters of its key (bench runs SUITE)'
	@echo '  LIMITS=...       what a network may cost: --max-ms 5 --max-bytes 300k --min-accuracy 0.9'
	@echo '  TRIALS=50        trials of each study of make tune, in place of its budget'
	@echo '  DB=results.db    the database, a file or an address'
	@echo '  PYTHON=...       the Python to build .venv on; NO_UV=1 installs with pip'

$(installed): $(inputs)
	@sh tools/setup.sh full

$(light): $(inputs)
	@sh tools/setup.sh light

$(dev): $(installed)
	@sh tools/setup.sh dev
