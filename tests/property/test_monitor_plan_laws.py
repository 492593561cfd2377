"""Where the parts of Monitor stand: inside the room, none on another, and what drifted is never left out."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from lineside.console.views.monitor.plan import PANES, Wanted, plan

WANTS = st.builds(
    Wanted,
    endpoints=st.integers(0, 40),
    alerts=st.integers(0, 20),
    scrapes=st.integers(0, 2),
    watched=st.just(True),
    features=st.integers(0, 80),
    worst=st.integers(0, 24),
    pictured=st.booleans(),
    classes=st.integers(0, 30),
    windows=st.integers(0, 9),
    episode=st.integers(0, 12),
)
ROOMS = st.tuples(st.integers(20, 320), st.integers(6, 90))
FOCUS = st.sampled_from(["", "endpoints", "alerts", "sheet"])
ZOOMED = st.sampled_from(["", "endpoints", "alerts", "sheet", "heat", "worst", "distribution", "latency"])


@given(room=ROOMS, want=WANTS, focus=FOCUS, zoomed=ZOOMED)
def test_the_parts_of_monitor_lie_inside_the_room_and_none_on_another(
    room: tuple[int, int], want: Wanted, focus: str, zoomed: str
) -> None:
    places = plan(*room, want, focus=focus, zoomed=zoomed)
    assert not zoomed or zoomed in places
    for one in places.values():
        assert one.x >= 0
        assert one.y >= 0
        assert one.width >= 1
        assert one.height >= 1
        assert one.x + one.width <= room[0]
        assert one.y + one.height <= room[1]
    for a, b in combinations(places.values(), 2):
        apart = a.x + a.width <= b.x or b.x + b.width <= a.x
        assert apart or a.y + a.height <= b.y or b.y + b.height <= a.y


@given(room=st.tuples(st.integers(60, 320), st.integers(20, 90)), want=WANTS, focus=FOCUS)
def test_from_a_plain_terminal_on_three_columns_that_drifted_are_in_sight(
    room: tuple[int, int], want: Wanted, focus: str
) -> None:
    sheet = plan(*room, want, focus=focus)["sheet"]
    assert sheet.height >= 1 + (4 + min(3, want.features) if want.features else 1)


@given(room=ROOMS, want=WANTS)
def test_a_part_that_has_nothing_to_show_has_no_place(room: tuple[int, int], want: Wanted) -> None:
    places = plan(*room, want)
    nothing = {
        "worst": want.worst,
        "confusion": want.classes,
        "episode": want.episode,
        "traffic": want.scrapes,
    }
    assert not [name for name, count in nothing.items() if not count and name in places]
    assert set(places) <= {*PANES, "endpoints", "verdict", "alerts"}
