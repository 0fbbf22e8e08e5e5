# `make demo` runs Utsavam, `make test` tests it; both do all their own set-up.
# PORT, DATA_DIR, DATABASE_URL, REDIS_URL and RESET=1 are honoured, as make variables or from the environment.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$p && break; done)
PY = .venv/bin/python
# What Python and pytest compile of the tests is kept, also where others are told to keep nothing.
export PYTHONDONTWRITEBYTECODE =
QUICK = $(addprefix tests/,unit services operations booking waiting_room api web limits cli)
FAULTS = $(addprefix tests/,faults mutants deploy soak load overload races redis_keys connections) \
	$(addprefix tests/,simulation metrics backup security limits test_reload.py) \
	tests/unit/test_supply_chain.py tests/booking/test_sentinels.py tests/browser/test_docs_contrast.py

.PHONY: help demo test quick faults fuzz shots check load soak bench growth payments-live lock compressed licences sbom audit python \
	setup-demo setup-test setup-audit

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: setup-demo ## Run the whole site on this machine: http://127.0.0.1:8000
	@exec $(PY) -m app.demo

# More processes than cores of a small machine: a tenth of the tests wait for time to pass.
test: setup-test ## Run every test, in two processes: ARGS="tests/web -x", JOBS=0
	@$(PY) -m pytest --numprocesses $(or $(JOBS),2) --dist loadfile --no-loadscope-reorder $(ARGS)

quick: setup-test ## Run the fast six tenths of the tests: ARGS=-x
	@$(PY) -m pytest $(QUICK) -m 'not whole and not long' --numprocesses $(or $(JOBS),2) --dist loadfile --no-loadscope-reorder $(ARGS)

faults: setup-test ## Break workers, PostgreSQL, Redis and our own rules at length, soak and rehearse
	@SIMULATION_SEEDS=10000 $(PY) -m pytest $(FAULTS) -v -m "not short" $(ARGS)

fuzz: setup-test ## Search at length for input that breaks the site, or that the API's document denies
	@UTSAVAM_WHOLE=1 $(PY) -m pytest tests/fuzz -v -m "" $(ARGS)

shots: setup-test ## Take pictures of every page in every state, into build/shots
	@SHOTS=build/shots $(PY) -m pytest tests/browser/test_gallery.py -q $(ARGS)
	@$(PY) tools/shots_page.py build/shots && echo "Pictures: build/shots/index.html"

check: setup-test ## Format, lint, types, import contracts, templates, links, vendored files, compressed copies
	@.venv/bin/ruff format --check --quiet . && .venv/bin/ruff check --quiet . && echo "ruff: ok"
	@.venv/bin/mypy --no-error-summary && echo "types: ok"
	@.venv/bin/lint-imports --no-logo
	@.venv/bin/djlint templates --lint --quiet && echo "templates: ok"
	@$(PY) tools/check_links.py
	@$(PY) tools/vendored.py
	@$(PY) tools/compressed.py

load: setup-test ## Rehearse an on-sale: CITY=20000 people in a waiting room; or a site: HOST, USERS, TIME (ARGS=--help)
	@$(if $(CITY),$(PY) -m tests.load.city --people $(CITY) $(ARGS),$(PY) -m tests.load.rehearsal \
		$(if $(HOST),--host $(HOST)) --users $(or $(USERS),50) --rate $(or $(RATE),5) --time $(or $(TIME),60s) $(ARGS))

soak: setup-test ## Load a site of its own for an hour, restart its parts, look for leaks: TIME=10m
	@$(PY) -m tests.soak --time $(or $(TIME),60m) $(ARGS)

bench: setup-test ## Measure, as ratios in one run (needs wrk): ARGS="--rounds 5"
	@$(PY) -m tests.load.bench $(ARGS)

growth: setup-test ## Measure how bookings grow with workers, clients and rows (needs wrk)
	@$(PY) -m tests.load.bench.growth $(ARGS)

payments-live: setup-test ## Try a payment provider with your test keys: PROVIDER=stripe, PROVIDER=razorpay
	@$(PY) -m tools.payments_live $(PROVIDER)

lock: setup-test ## Pin the dependencies of pyproject.toml anew (needs uv)
	@for lock in runtime payments demo test audit; do \
		case $$lock in runtime) group= ;; payments) group="--extra payments" ;; *) group="--group $$lock" ;; esac; \
		uv pip compile -q pyproject.toml $$group --universal --python-version 3.11 --generate-hashes --upgrade \
			--no-emit-index-url --no-annotate --custom-compile-command "make lock" -o requirements/$$lock.txt; done

compressed: setup-test ## Make the brotli and gzip copies of the styles, scripts and drawings in static/
	@$(PY) tools/compressed.py --write

licences: setup-test ## Write docs/licences.md: under which licence everything comes
	@$(PY) -m tools.parts licences

sbom: setup-test ## List what is served, as CycloneDX, into build/sbom.json
	@$(PY) -m tools.parts sbom

audit: setup-audit ## Ask PyPI's list of known faults about every pinned package
	@$(PY) tools/audit.py $(ARGS)

setup-demo setup-test setup-audit: setup-%: python
	@$(PYTHON) tools/setup.py $*

python:
	@[ -n "$(PYTHON)" ] || { echo "utsavam: Python 3.11 or later is needed, and was not found" >&2; exit 1; }
