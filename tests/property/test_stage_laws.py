"""Laws of pipelines: what a hash tells apart, and how stages of any shape are ordered and drawn."""

import json
import random

from hypothesis import given
from hypothesis import strategies as st

from lineside.jobs.projects import keys
from lineside.jobs.projects.drawing import lanes
from lineside.jobs.projects.project import parse

names = st.text("abcdef", min_size=1, max_size=3)
values = st.one_of(st.integers(), st.booleans(), st.text(max_size=5), st.floats(allow_nan=False))
inputs = st.fixed_dictionaries(
    {
        "params": st.dictionaries(names, values, max_size=4),
        "deps": st.dictionaries(names, names, max_size=4),
        "env": st.dictionaries(names, names, max_size=2),
        "outs": st.lists(names, max_size=2),
    }
)


@given(one=inputs, other=inputs)
def test_two_hashes_differ_exactly_when_something_can_be_said_to_have_changed(
    one: keys.Inputs, other: keys.Inputs
) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)

    assert (keys.key_of(one) == keys.key_of(other)) == same
    assert (keys.changes(one, other) == "") == same


@given(one=inputs)
def test_a_hash_survives_its_way_through_the_store(one: keys.Inputs) -> None:
    again = json.loads(json.dumps(dict(reversed(one.items()))))

    assert keys.key_of(again) == keys.key_of(one)
    assert keys.changes(one, again) == ""


@given(st.lists(st.sets(st.integers(0, 7), max_size=3), min_size=1, max_size=8), st.randoms())
def test_stages_of_any_shape_are_in_an_order_that_can_run_and_each_is_drawn_once(
    wanted: list[set[int]], shuffled: random.Random
) -> None:
    tables = [
        f'[pipeline.p.stage.s{at}]\ncmd = "true"\nneeds = {json.dumps([f"s{n}" for n in needs if n < at])}\n'
        for at, needs in enumerate(wanted)
    ]
    shuffled.shuffle(tables)

    spec = parse("".join(tables)).pipelines["p"]

    order = [stage.name for stage in spec.stages]
    assert all(order.index(need) < order.index(name) for name, needs in spec.needs.items() for need in needs)
    drawn = lanes(spec)
    assert [name for _, name in drawn if name is not None] == order
    assert all(lane.count("●") == (0 if name is None else 1) for lane, name in drawn)
