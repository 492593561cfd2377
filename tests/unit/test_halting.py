"""Who gives up waiting is obeyed, whenever that happens: also between two statements of what runs."""

import threading

import pytest
from fixtures import demo_home

from lineside.store import analytics
from lineside.store.halting import Halt, Interruptible, Stopped
from lineside.store.homes import Home

LONG = "select count(*) from range(1000000) a, range(1000000) b, range(1000) c"


class Deaf:
    """Hears only the last of so many interrupts, as DuckDB does between two statements."""

    def __init__(self, halt: Halt, *, hears: int) -> None:
        self.halt, self.hears, self.told = halt, hears, 0
        self.ended = threading.Event()

    def interrupt(self) -> None:
        self.told += 1
        if self.told == self.hears:
            threading.Thread(target=self._end).start()  # as the thread that waited for the answer does

    def _end(self) -> None:
        self.halt.end()
        self.ended.set()


class AtOnce(Halt):
    """Somebody gives up in the moment it begins, before its first statement."""

    def begin(self, what: Interruptible) -> None:
        super().begin(what)
        self.stop()


def test_an_interrupt_that_is_not_heard_is_said_again() -> None:
    halt = Halt()
    deaf = Deaf(halt, hears=4)
    halt.begin(deaf)

    halt.stop()

    assert deaf.ended.wait(10)
    assert deaf.told >= 4


def test_what_is_asked_a_second_time_is_stopped_too() -> None:
    halt = Halt()
    halt.begin(Deaf(halt, hears=1))
    halt.end()
    again = Deaf(halt, hears=1)
    halt.begin(again)

    halt.stop()

    assert again.ended.wait(10)


def test_what_was_given_up_does_not_begin() -> None:
    halt = Halt()
    halt.stop()
    with pytest.raises(Stopped):
        halt.begin(Deaf(halt, hears=1))


def test_a_query_that_is_given_up_before_its_first_statement_ends(tmp_home: Home) -> None:
    with pytest.raises(Stopped):
        analytics.sql(tmp_home, LONG, halt=AtOnce())


@pytest.fixture(scope="module")
def tmp_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return demo_home.build(Home(tmp_path_factory.mktemp("halting") / "home"))
