"""Cron lines as every Unix reads them; a wrong one is told which field is wrong and what may stand there."""

from datetime import date

import pytest

from lineside.jobs.schedules import cron
from lineside.store.errors import Usage

SUNDAY, MONDAY, THE_13TH = date(2026, 11, 22), date(2026, 11, 23), date(2026, 11, 13)
EVERY_DAY = frozenset(range(7))


@pytest.mark.parametrize(
    ("line", "minutes"),
    [
        ("30 2 * * *", (150,)),
        ("0,30 2 * * *", (120, 150)),
        ("*/20 1 * * *", (60, 80, 100)),
        ("10-40/15 0 * * *", (10, 25, 40)),
        ("50/5 0 * * *", (50, 55)),
        ("5 */8 * * *", (5, 485, 965)),
        ("@daily", (0,)),
        ("@hourly", tuple(range(0, 1440, 60))),
    ],
)
def test_minute_and_hour_say_which_minutes_of_a_day(line: str, minutes: tuple[int, ...]) -> None:
    assert cron.parse(line).minutes == minutes


@pytest.mark.parametrize(
    ("field", "weekdays"),
    [
        ("0", {0}),
        ("7", {0}),
        ("SUN", {0}),
        ("sun", {0}),
        ("1-5", {1, 2, 3, 4, 5}),
        ("MON-FRI", {1, 2, 3, 4, 5}),
        ("FRI-SUN", {5, 6, 0}),
        ("5-7", {5, 6, 0}),
        ("*/2", {0, 2, 4, 6}),
        ("0-6", EVERY_DAY),
        ("1,WED,5", {1, 3, 5}),
    ],
)
def test_sunday_is_0_and_7_and_days_have_names(field: str, weekdays: set[int]) -> None:
    assert cron.parse(f"0 0 * * {field}").weekdays == weekdays


def test_months_have_names_and_words_stand_for_lines() -> None:
    assert cron.parse("0 0 1 JAN-MAR,dec *").months == {1, 2, 3, 12}
    assert cron.parse("@weekly") == cron.parse("0 0 * * SUN")
    assert cron.parse("@monthly") == cron.parse("0 0 1 * *")


def test_of_two_kinds_of_day_either_is_enough_unless_one_begins_with_a_star() -> None:
    either, both = cron.parse("0 0 13 * MON"), cron.parse("0 0 */13 * MON")

    assert [either.on(day) for day in (THE_13TH, MONDAY, SUNDAY)] == [True, True, False]
    assert [both.on(day) for day in (date(2026, 12, 14), THE_13TH, MONDAY)] == [True, False, False]


@pytest.mark.parametrize(
    ("line", "says", "hint"),
    [
        ("99 * * * *", "minute: there is no '99'", "0 to 59"),
        ("0 24 * * *", "hour: there is no '24'", "0 to 23"),
        ("0 0 0 * *", "day of the month: there is no '0'", "1 to 31"),
        ("0 0 * 13 *", "month: there is no '13'", "JAN to DEC"),
        ("0 0 * * 8", "day of the week: there is no '8'", "SUN to SAT"),
        ("0 0 * * FUN", "day of the week: there is no 'FUN'", "SUN to SAT"),
        ("5-1 * * * *", "minute: '5-1' runs backwards", "ranges 1-5"),
        ("*/0 * * * *", "minute: a step of '0'", "steps */2"),
        ("1,,2 * * * *", "minute: '1,,2' cannot be read", "lists 1,2"),
        ("?? * * * *", "minute: '??' cannot be read", "0 to 59"),
        ("0 0 31 2 *", "31 never comes", "29 days"),
        ("30 2 * *", "has 4 fields, not 5", "30 2 * * 1-5"),
        ("0 30 2 * * *", "has 6 fields, not 5", "30 2 * * 1-5"),
        ("", "has 0 fields, not 5", "30 2 * * 1-5"),
        ("@never", "no such word", "@daily"),
    ],
)
def test_a_wrong_line_names_its_field_and_what_is_allowed(line: str, says: str, hint: str) -> None:
    with pytest.raises(Usage) as raised:
        cron.parse(line)

    assert says in str(raised.value)
    assert hint in raised.value.hint
