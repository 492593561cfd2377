"""Two profiles side by side: what is the same did not move, what moved is said, and shares stay shares."""

from hypothesis import given
from hypothesis import strategies as st

from lineside.console.reads.changes import changes, distance, pair, rebinned, telling
from lineside.store.clock import Micros
from lineside.store.queries.datasets import ColumnProfile, VersionRow


def numbers(
    name: str, mean: float, *, std: float = 1.0, low: float = 0.0, high: float = 10.0,
    counts: tuple[int, ...] = (10, 20, 30, 40), nulls: int = 0,
) -> ColumnProfile:  # fmt: skip
    step = (high - low) / len(counts)
    edges = tuple(low + step * i for i in range(len(counts) + 1))
    return ColumnProfile(
        name=name, dtype="Float64", rows=sum(counts) + nulls, nulls=nulls, nans=0, infinite=0, distinct=9,
        min=low, max=high, mean=mean, std=std, quantiles={"0.5": mean}, edges=edges, counts=counts, top=(),
    )  # fmt: skip


def words(name: str, **top: int) -> ColumnProfile:
    return ColumnProfile(
        name=name, dtype="String", rows=sum(top.values()), nulls=0, nans=0, infinite=0, distinct=len(top),
        min=None, max=None, mean=None, std=None, quantiles={}, edges=(), counts=(), top=tuple(top.items()),
    )  # fmt: skip


VERSION = VersionRow(
    id=1, uid="u", dataset_id=1, name="t", number=2, digest="d", rows=100, bytes=1, columns=(), target="y",
    time_column="at", time_zone=None, exclude=(), splits=("all",), origin={}, created_us=Micros(1),
    created_by="ana",
)  # fmt: skip

COUNTS = st.lists(st.integers(0, 500), min_size=1, max_size=20).filter(any).map(tuple)
SPAN = st.tuples(st.floats(-1e3, 1e3), st.floats(0.1, 1e3)).map(lambda p: (p[0], p[0] + p[1]))


@given(counts=COUNTS, span=SPAN, other=SPAN, more=COUNTS)
def test_rebinned_shares_are_still_shares(
    counts: tuple[int, ...], span: tuple[float, float], other: tuple[float, float], more: tuple[int, ...]
) -> None:
    a = numbers("a", 0, low=span[0], high=span[1], counts=counts)
    b = numbers("a", 0, low=other[0], high=other[1], counts=more)
    found = pair(a, b, bins=12)
    assert found is not None
    edges, old, new = found
    assert len(edges) == len(old) + 1 == len(new) + 1
    assert abs(sum(old) - 1) < 1e-6
    assert abs(sum(new) - 1) < 1e-6
    assert distance(a, a) == 0


def test_a_bin_is_spread_over_what_it_covers() -> None:
    column = numbers("a", 0, low=0, high=2, counts=(10, 30))
    assert rebinned(column, [0.0, 0.5, 1.0, 2.0]) == [0.125, 0.125, 0.75]


def test_words_move_by_the_share_of_rows_that_changed() -> None:
    assert distance(words("w", sun=50, rain=50), words("w", sun=75, rain=25)) == 0.25
    assert distance(words("w", sun=50), numbers("w", 1)) is None


def test_what_has_to_be_seen_comes_first_and_constants_last() -> None:
    before = [numbers(n, 5) for n in ("calm", "moved", "gone", "holes", "y", "at")]
    before.append(numbers("flat", 1, low=1, high=1, counts=(100,)))
    now = [numbers("flat", 1, low=1, high=1, counts=(100,)), numbers("calm", 5), numbers("at", 5),
           numbers("y", 5), numbers("moved", 6.5), numbers("holes", 5, nulls=60)]  # fmt: skip
    found = sorted(changes(now, before), key=lambda c: telling(c, VERSION))
    assert [c.name for c in found] == ["gone", "holes", "moved", "y", "at", "calm", "flat"]
    assert [c.name for c in found if c.moved] == ["moved"]
    assert found[0].fate == "dropped"
    assert not any(c.fate == "added" for c in changes(now, [])), (
        "a first version has nothing to be new against"
    )
