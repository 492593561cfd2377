"""Data, Lineage and Audit at 80 × 24, on the told home."""

import shlex
import sqlite3
from pathlib import Path

from fixtures.consoles import Sitting, at_console
from fixtures.story import put

from lineside.console.ports import SqliteStore
from lineside.console.screens.data import DataArea
from lineside.store.actors import LINESIDE
from lineside.store.clock import Micros
from lineside.store.homes import Home
from lineside.store.queries import audit, lineage
from lineside.store.queries.lineage import Node


def test_data_shows_versions_columns_and_the_mean_digit(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("4")
        assert "digits@3" in text
        assert "░ @2" in text, "what it is compared with is named"
        assert "against @2" in text
        assert "mean row" in text
        text = await here.press("down", "down", "down")
        assert "Data › bike@1" in text
        assert "clear 62%" in text
        text = await here.press("enter", "down", "down")
        assert "WEATHER" in text
        assert "62.1%" in text

    at_console(store, do)


def test_x_compares_with_the_marked_version_and_the_filter_is_that_of_the_columns(
    store: SqliteStore,
) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("4", "down", "down", "space", "up", "up", "x")
        assert "digits@3 against digits@1" in text
        area = here.app.area
        assert area is not None
        assert area.copies()["command"] == "lineside data diff digits@1 digits@3"
        text = await here.press("/", *"pixel_4_4", "enter")
        assert "PIXEL_4_4" in text
        assert "digits@2" in text, "the versions are all still there"
        text = await here.press("escape", "escape")
        assert "against digits@1" not in text

    at_console(store, do, size=(120, 30))


def test_data_at_a_big_screen_shows_the_column_in_full(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("4")
        for words in ("CHECKS AGAINST @2", "FIGURES", "VERSION DIGITS@3", "learned from it"):
            assert words in text

    at_console(store, do, size=(200, 50))


def test_adding_data_asks_for_name_file_and_target(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("4", ".", "n")
        await here.press(*"trips", "enter", *"t.csv", "enter", "enter")
        path = str(Path("t.csv").absolute())
        assert here.actions.asked == [("data.add", {"name": "trips", "path": path})]

    at_console(store, do)


def test_lineage_begins_with_what_serves_and_is_walked_with_arrows(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("6")
        assert "LINEAGE OF digit-reader@v2" in text
        assert "● ◈ digit-reader@v2" in text
        text = await here.press("left")
        assert "RUN 5 NETWORK" in text
        text = await here.press("left", "enter")
        assert "LINEAGE OF data:digits@2" in text
        text = await here.press("escape")
        assert "LINEAGE OF digit-reader@v2" in text

    at_console(store, do)


def test_n_in_lineage_finds_what_fires(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("6")
        assert "◆ FIRING" in await here.press("n")

    at_console(store, do)


def test_filter_draws_around_another_node(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("6", "/")
        text = await here.press(*"digits@1", "enter")
        assert "Lineage › digit-reader@v2 › data:digits@1" in text, (
            "it is in the drawing: the cursor goes there"
        )
        text = await here.press("enter")
        assert "LINEAGE OF data:digits@1" in text
        assert "run 2 forest" in text
        text = await here.press("/", *"data:bike@1", "enter")
        assert "LINEAGE OF data:bike@1" in text, "it is not: it is drawn around"


def test_u_and_d_show_one_side_and_the_command_says_the_same(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("6", "u")
        assert "only what it came from" in text
        assert "deployment" not in text.split("DIGIT-READER@V2")[0].split("arrows walk")[-1]
        area = here.app.area
        assert area is not None
        assert area.copies()["command"] == "lineside lineage digit-reader@v2 --up"
        assert "only what it came from" not in await here.press("u")

    at_console(store, do)


def test_forty_siblings_are_folded_and_shown_on_enter(home: Home, db: sqlite3.Connection) -> None:
    _fan_out(db, runs=40)
    store = SqliteStore(home)

    async def do(here: Sitting) -> None:
        text = await here.press("6")
        assert "+36 runs" in text
        await here.press("right", *["down"] * 6)
        text = await here.press("enter")
        assert "+36 runs" not in text
        assert "+36 runs" in await here.press("e"), "and folded again"

    at_console(store, do)
    store.close()


def _fan_out(db: sqlite3.Connection, *, runs: int) -> None:
    """One dataset version that so many runs learned from."""
    put(db, "dataset", id=1, name="wide", created_us=1)
    put(db, "dataset_version", id=1, uid="d1", dataset_id=1, number=1, digest="d", rows=10, bytes=1,
        columns="[]", origin="{}", created_us=1, created_by="ana")  # fmt: skip
    put(db, "dataset_file", version_id=1, split="all", digest="d", rows=10, bytes=1)
    put(db, "experiment", id=1, name="e", created_us=1)
    for n in range(1, runs + 1):
        put(db, "run", id=n, uid=f"r{n}", experiment_id=1, name="fan", status="FINISHED", author="ana",
            created_us=n)  # fmt: skip
        edge = {"src": Node("dataset_version", 1), "dst": Node("run", n)}
        lineage.link(db, **edge, relation="trained", at=Micros(n))


def test_g_l_leads_from_a_version_to_its_lineage_and_back(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("5", "escape", "g", "l")
        assert "LINEAGE OF digit-reader@v3" in await here.text()
        assert "Models ›" in await here.press("[")

    at_console(store, do)


def test_audit_says_that_the_chain_holds_and_shows_masks_beside_names(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("8")
        assert "● chain whole: 30 rows, checked" in text
        assert "demo:ana (maria)" in text
        assert "uid 1000" in await here.press("end")
        text = await here.press("/", *"approve", "enter")
        assert "promotions.approve" in text
        assert "labels.add" not in text
        assert "Models › request" in await here.press("enter")

    at_console(store, do)


def test_audit_names_the_first_row_that_was_changed(home: Home, db: sqlite3.Connection) -> None:
    for n in range(1, 6):
        audit.append(db, LINESIDE, "runs.tag", subject=("run", n), detail={"n": n}, at=Micros(n))
    db.execute("drop trigger audit_never_changes")
    db.execute("update audit set detail = '{}' where seq = 3")
    store = SqliteStore(home)

    async def do(here: Sitting) -> None:
        text = await here.press("8")
        assert "✗ chain broken at row 3: its content was changed" in text
        assert "THE TRAIL WAS CHANGED AT ROW 3" in text
        assert "rows 1–2 are proven, 3–5 are not" in text
        assert "lineside audit verify on a backup" in text, "and what to do next"
        assert "ENTRY 3" in await here.press("n")

    at_console(store, do)
    store.close()


def test_the_trail_says_what_changed_in_a_line_of_its_own_words(home: Home, db: sqlite3.Connection) -> None:
    said: list[tuple[str, dict[str, object]]] = [
        ("promotions.check", {"from": "CHECKING", "to": "PENDING_MANUAL_APPROVAL", "model": "m", "version": 3,
                              "alias": "champion", "pins": "f" * 64}),
        ("project.apply", {"changes": ["data a: new", "model a: new"], "digest": "c" * 64}),
        ("jobs.submit", {"name": "train", "argv": ["/usr/bin/python3", "-P"], "pipeline_run": 2}),
    ]  # fmt: skip
    for n, (verb, detail) in enumerate(said, 1):
        audit.append(db, LINESIDE, verb, subject=("job", n), detail=detail, at=Micros(n))
    store = SqliteStore(home)

    async def do(here: Sitting) -> None:
        text = await here.press("8")
        assert "m@v3 → champion · CHECKING → WAITS" in text
        assert "2 changes: data a: new, model a: new" in text
        assert "train · pipeline run 2" in text
        assert "EVERY KIND OF DEED" in text

    at_console(store, do, size=(200, 50))
    store.close()


def test_f_shows_only_what_one_person_did_and_y_y_says_the_same(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("8", "/", *"did:promotions.approve", "enter", "f")
        assert "labels.add" in await here.text(), "f takes a filter away again"
        text = await here.press("/", *"did:approve", "enter", "escape", "f")
        assert "every jobs.submit" in text
        text = await here.press("a")
        assert "/ who:" in text
        area = here.app.area
        assert area is not None
        assert area.copies()["command"].startswith("lineside audit ls --who ")

    at_console(store, do)


def test_an_entry_shows_what_was_and_what_became(home: Home, db: sqlite3.Connection) -> None:
    detail = {"from": "DRAFT", "to": "CHECKING", "model": "m", "version": 3, "alias": "champion"}
    audit.append(db, LINESIDE, "promotions.request", subject=("promotion", 1), detail=detail, at=Micros(1))
    store = SqliteStore(home)

    async def do(here: Sitting) -> None:
        text = await here.press("8")
        assert "- DRAFT" in text
        assert "+ CHECKING" in text
        assert "checked" in await here.press("V")

    at_console(store, do)
    store.close()


def test_an_empty_home_says_what_comes_first(home: Home, db: sqlite3.Connection) -> None:
    store = SqliteStore(home)

    async def do(here: Sitting) -> None:
        for key, words in (
            ("4", "lineside data add"),
            ("5", "lineside register"),
            ("6", "a lineage begins with data or a run"),
            ("7", "lineside serve"),
            ("8", "Who did what, when, as whom"),
            ("1", "see the whole loop first, in a home of its own"),
            ("2", "Every training with its params"),
            ("3", "run any command"),
        ):
            assert words in await here.press(key), key
        assert "command" in await here.press(".", "x"), "an empty area does what it teaches"

    at_console(store, do)
    store.close()


def test_the_loop_stands_in_one_line_over_the_drawing_and_says_where_one_is(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("6")
        line = next(row for row in text.splitlines() if "train" in row and "retrain" in row)
        words = ["data", "train", "model", "approve", "serve", "watch", "drift", "retrain"]
        assert [w for w in words if w in line] == words
        assert line.index("data") < line.index("model") < line.index("serve") < line.index("drift")

    at_console(store, do)


def test_versions_are_sorted_by_how_much_they_grew(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("4")
        area = here.app.area
        assert isinstance(area, DataArea)
        grew = next(c for c in area.versions.sortable() if c.key == "grew")
        assert grew.value is not None
        found = [area.versions.rows.item(i) for i in range(len(area.versions.rows))]
        by = {row.label: grew.value(row) for row in found if row is not None}
        assert by["digits@3"] == 1000
        assert by["digits@1"] == 0, "the first one grew from nothing"

    at_console(store, do)


def test_what_y_y_copies_can_be_typed_into_a_shell(home: Home, db: sqlite3.Connection) -> None:
    _fan_out(db, runs=1)
    db.execute("update dataset set name = 'my data; rm'")
    store = SqliteStore(home)

    async def do(here: Sitting) -> None:
        for key in "46":
            await here.press(key)
            area = here.app.area
            assert area is not None
            words = shlex.split(area.copies()["command"])
            assert words[-1].removeprefix("data:") == "my data; rm@1", words

    at_console(store, do)
    store.close()


def test_a_big_screen_shows_a_lineage_in_the_order_of_time_too(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("6")
        story = text.split("AS IT HAPPENED")[1]
        assert story.index("digit-reader@v1") < story.index("digit-reader@v2")
        mine = next(row for row in story.splitlines() if row.lstrip().startswith("▸"))
        assert "digit-reader@v2" in mine
        assert "registered run 5 network" in mine, "and what it came from"

    at_console(store, do, size=(300, 80))
