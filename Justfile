# The same lines as in README.md, for people who have just.
python := ".venv/bin/python"

default: lint test

# a venv with everything the tests and the demo need
venv:
    test -x {{python}} || python3 -m venv .venv
    .venv/bin/pip install -q -c constraints.txt -e '.[dev]'

demo *args: venv
    .venv/bin/lineside demo {{args}}

test *args: venv
    .venv/bin/pytest -q {{args}}

# property tests with many more examples
prop: venv
    HYPOTHESIS_PROFILE=thorough .venv/bin/pytest -q tests/property

# real runners, servers and jobs over minutes
integration: venv
    .venv/bin/pytest -q -m integration

# the full kill counts
chaos: venv
    .venv/bin/pytest -q -m chaos

# pilot tests of the console
tui: venv
    .venv/bin/pytest -q tests/tui

# measures beside the peers; results belong into BENCHMARKS.md
bench *args: venv
    for file in tests/bench/bench_*.py; do echo "== $file"; PYTHONPATH=. {{python}} $file {{args}}; done

lint: venv
    .venv/bin/ruff check .
    .venv/bin/ruff format --check .
    .venv/bin/mypy
    .venv/bin/lint-imports

fix: venv
    .venv/bin/ruff check --fix .
    .venv/bin/ruff format .

# write store/schema.sql anew from the migrations
schema: venv
    {{python}} -m lineside.store.migrations > store/schema.sql

# build the wheel and run it in an empty venv
wheel: venv
    .ci/wheel

# the pictures in the README, taken from a running demo
pictures: venv
    {{python}} docs/pictures.py

# write docs/keys.md anew from the table of commands
keys: venv
    {{python}} -m lineside.console.keypage > docs/keys.md
