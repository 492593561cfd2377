"""One run opened, runs compared, and charts that are looked into."""

import json
import shlex
import sqlite3
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.consoles import Sitting, at_console
from fixtures.spools import take_all, writing

from lineside.console.__main__ import main
from lineside.console.ports import SqliteStore
from lineside.console.text import plain
from lineside.store import homes
from lineside.store.db import writer
from lineside.store.frames import Frames
from lineside.store.homes import Home
from lineside.store.migrations import migrate

WIDE = (200, 50)
CHOOSE = ("m", "/", *"val_loss", "enter")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Three runs of one experiment with files, and what the runner measured of the first."""
    home = Home(tmp_path_factory.mktemp("bench") / "home")
    homes.create(home)
    db: sqlite3.Connection = writer(home.db)
    migrate(db)
    for number, best in enumerate((0.3, 0.1, 0.2), 1):
        run = writing(home, f"run_{number}", name=f"try {number}")
        run.log_params({"lr": number / 100, "batch": 32})
        for step in range(3_000):
            spike = 50.0 if number == 1 and step == 1_234 else 0.0
            run.log_metrics({"val_loss": best + 1 / (step + 1) + spike, "lr": 0.1}, step=step)
        if number == 1:
            _log_files(run, tmp_path_factory.mktemp("files"))
        run.finish("FINISHED")
    silent = writing(home, "run_4", name="silent")
    silent.finish("FAILED", "exit 3")
    other = writing(home, "run_5", name="other")
    other.log_metrics({"reward": 1.0}, step=0)
    other.finish()
    system = Frames(home.spool / "run_1.sys.sp", taken=0)
    for step in range(5):
        values = {"sys.gpu0.util": 90.0 + step, "sys.gpu0.memory_used_bytes": 3.0 * 2**30}
        system.write({**values, "sys.rss_bytes": 2.0**30}, step=step, at_ns=step * 10**9)
    system.close()
    take_all(db, home)
    db.close()
    return home


def _log_files(run: object, folder: Path) -> None:
    (folder / "report.txt").write_text("first line\n\x1b[31mred\x1b[0m line\n" + "more\n" * 100)
    (folder / "gates.json").write_text(json.dumps({"gate": "mae", "passed": True}))
    (folder / "rows.csv").write_text("hour,count\n0,16\n1,40\n")
    (folder / "plot.png").write_bytes(_png())
    model = folder / "model"
    model.mkdir()
    (model / "model.json").write_text('{"format": "onnx"}')
    for name in ("report.txt", "gates.json", "rows.csv", "plot.png"):
        run.log_artifact(folder / name)  # type: ignore[attr-defined]
    run.log_model(model)  # type: ignore[attr-defined]


def _png() -> bytes:
    """Two red pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 2, 1, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" + b"\xff\0\0" * 2)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.fixture
def benched(bench: Home) -> Iterator[SqliteStore]:
    made = SqliteStore(bench)
    yield made
    made.close()


def run_1(*keys: str) -> tuple[str, ...]:
    """To the oldest run, and on."""
    return ("2", "G", *keys)


def lines(here: Sitting, id: str) -> str:
    """All that a widget shows."""
    return "\n".join(plain(line) for line in here.app.area.query_one(id).lines)  # type: ignore


def test_the_best_value_of_all_that_are_listed_has_a_star(benched: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", *CHOOSE)
        table = here.app.area.main()  # type: ignore[union-attr]
        starred = [line for line in table.text().splitlines() if "★" in line]
        assert len(starred) == 1
        assert "try 2" in starred[0]
        assert "★ lowest val_loss" in await here.text()
        await here.press("/", *"param:lr!=0.02", "enter")
        assert next(line for line in table.text().splitlines() if "★" in line).split()[3:5] == ["try", "3"]

    at_console(benched, do)


def test_a_run_without_the_metric_shows_another_and_a_silent_one_says_why(benched: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", *CHOOSE)
        assert "reward, for it logged no val_loss" in lines(here, "#chart")
        await here.press("down")
        said = lines(here, "#chart")
        assert "FAILED exit 3" in said
        assert "started outside the runner" in said

    at_console(benched, do)


def test_the_room_of_a_big_screen_is_used(benched: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press(*run_1())
        assert "RUN 1" in lines(here, "#beside")
        assert "report.txt" in lines(here, "#beside")
        assert "lr" in lines(here, "#multiples")

    at_console(benched, do, size=WIDE)


def test_an_opened_run_has_five_tabs_and_escape_leaves_it(benched: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press(*run_1("enter"))
        assert "Runs › 1 try 1" in text
        assert "overview" in text
        await here.press("tab")
        assert here.app.focused.id == "metrics"  # type: ignore[union-attr]
        await here.press("tab")
        assert "GPU 0 busy" in lines(here, "#system")
        assert "GiB" in lines(here, "#system")
        await here.press("tab")
        assert here.app.focused.id == "files"  # type: ignore[union-attr]
        await here.press("tab", "tab")
        assert here.app.focused.id == "facts"  # type: ignore[union-attr]
        await here.press("escape")
        assert here.app.focused is here.app.area.main()  # type: ignore[union-attr]

    at_console(benched, do)


def test_every_tab_is_named_where_one_jumps_by_letter(benched: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press(*run_1("enter"))
        area = here.app.area
        assert [letter for letter, _, _ in area.panels()] == ["v", "m", "s", "f", "o"]  # type: ignore
        area.panels()[3][2].focus()  # type: ignore[union-attr]
        await here.settle()
        assert here.app.focused.id == "files"  # type: ignore[union-attr]

    at_console(benched, do)


def test_files_are_shown_by_what_they_are_and_never_interpreted(benched: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press(*run_1("enter", "tab", "tab", "tab"))
        table = here.app.area.query_one("#files")  # type: ignore[union-attr]
        names = [table.rows.key(at) and table.rows.item(at).path for at in range(5)]  # type: ignore
        seen: dict[str, str] = {}
        for name in names:
            text = lines(here, "#laid")
            if name == "report.txt":
                text = here.app.area.query_one("#text").text()  # type: ignore[union-attr,attr-defined]
            elif name == "plot.png":
                text = lines(here, "#image")
            seen[name] = text
            await here.press("down")
        assert '"gate"' in seen["gates.json"]
        assert "hour  count" in seen["rows.csv"]
        assert "red line" in seen["report.txt"]
        assert "\x1b" not in seen["report.txt"]
        assert "2 × 1 pixels" in seen["plot.png"]
        assert '"format"' in seen["model"]

    at_console(benched, do)


def test_looking_closer_reads_finer_points_and_no_spike_is_lost(benched: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press(*run_1(*CHOOSE, "tab"))
        area = here.app.area
        assert max(area.view.lines[0].values) > 50  # type: ignore[union-attr]
        before = len(area.view.lines[0].steps)  # type: ignore[union-attr]
        await here.press("+", "+", "+")
        within = area.view.asked.look.within  # type: ignore[union-attr]
        steps = area.view.lines[0].steps  # type: ignore[union-attr]
        inside = [step for step in steps if within[0] <= step <= within[1]]
        assert len(inside) > before / 8 * 1.5
        assert max(area.view.lines[0].values) > 50  # type: ignore[union-attr]
        assert (steps[0], steps[-1]) == (0, 2_999)
        await here.press("escape")
        assert area.view.asked.look.within is None  # type: ignore[union-attr]

    at_console(benched, do)


def test_the_curve_of_an_opened_run_is_looked_into_too(benched: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press(*run_1("enter", "tab", "enter"))
        assert here.app.focused.id == "curve"  # type: ignore[union-attr]

        def steps() -> int:
            return len(here.app.area.view.opened.curves["val_loss"][0].steps)  # type: ignore[union-attr]

        before = steps()
        await here.press("+", "+")
        assert steps() > before
        await here.press("escape", "escape")
        assert here.app.focused.id == "metrics"  # type: ignore[union-attr]
        assert steps() == before

    at_console(benched, do)


def test_the_tables_of_an_opened_run_are_sorted_themselves(benched: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press(*run_1("enter", "tab", "tab", "tab", "s"))
        assert "size" in text
        assert "created" not in text.partition("sort")[2].partition("size")[0]

    at_console(benched, do)


def test_what_is_copied_prints_what_is_on_the_screen(benched: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        def command() -> list[str]:
            words = shlex.split(here.app.area.copies()["command"])  # type: ignore[union-attr]
            assert words[0] == "lineside"
            assert main(["--home", str(benched.home.path), *words[1:]]) == 0
            return words

        await here.press("2", *CHOOSE, "/", *"param:lr>0", "enter")
        assert command()[:5] == ["lineside", "runs", "ls", "--where", "param:lr>0"]
        assert command()[-1].startswith("val_loss,param:lr")
        await here.press("space", "down", "space", "e", "L")
        assert command() == [
            *("lineside", "runs", "chart", "3", "2", "--metric", "val_loss", "--smooth", "0.6", "--log"),
        ]  # fmt: skip
        await here.press("x")
        assert command() == ["lineside", "runs", "compare", "3", "2"]
        await here.press("escape", "enter", "tab")
        assert command()[:6] == ["lineside", "runs", "chart", "2", "--metric", "val_loss"]

    at_console(benched, do)


def test_a_comparison_stars_the_best_and_puts_what_was_chosen_first(benched: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press(*run_1("space", "up", "space", "up", "space", "x"))
        said = lines(here, "#page")
        assert said.index("params") < said.index("metrics")
        row = next(line for line in said.splitlines() if "val_loss" in line)
        assert row.split()[2:] == ["0.3003", "★0.1003", "0.2003"]
        assert here.app.focused.id == "page"  # type: ignore[union-attr]

    at_console(benched, do)


def test_several_runs_are_tagged_at_once_by_number_and_name(benched: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press(*run_1("space", "up", "space", "."))
        assert "tag 2 runs" in text
        text = await here.press("a")
        assert "try 1" in text
        assert "try 2" in text
        await here.press(*"base", "enter", "enter")
        tagged = [(args["run"], args["tags"]) for verb, args in here.actions.asked if verb == "runs.tag"]
        assert tagged == [(1, {"base": "yes"}), (2, {"base": "yes"})]

    at_console(benched, do)


def test_all_metrics_stand_beside_each_other_and_again_one_alone(benched: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press(*run_1("a"))
        said = lines(here, "#gallery")
        assert "ALL METRICS" in said
        assert "val_loss" in said
        assert not here.app.area.query_one("#left").display  # type: ignore[union-attr]
        await here.press("a")
        assert here.app.area.query_one("#left").display  # type: ignore[union-attr]

    at_console(benched, do)


def test_one_walks_from_opened_run_to_opened_run_in_the_same_tab(benched: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press(*run_1("enter", "tab"))
        assert "1 try 1  5 of 5" in text
        text = await here.press("K")
        assert "2 try 2  4 of 5" in text
        assert here.app.focused.id == "metrics"  # type: ignore[union-attr]
        await here.press("J", "J")
        assert any("no run below" in note.message for note in here.app._notifications)
        await here.press("K", "escape")
        assert here.app.area.main().current_key == 2  # type: ignore[union-attr]

    at_console(benched, do)


def test_a_chart_of_the_machine_is_opened_large_and_looked_into(benched: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press(*run_1("enter", "tab", "tab", "right", "enter"))
        area = here.app.area
        assert here.app.focused.id == "measured"  # type: ignore[union-attr]
        assert "GPU 0 memory, GiB" in lines(here, "#measured")
        await here.press("left")
        assert area.query_one("#measured").reading.startswith("at 3 s")  # type: ignore[union-attr]
        await here.press("escape", "escape")
        assert here.app.focused.id == "system"  # type: ignore[union-attr]
        assert area.copies()["command"].startswith("lineside runs chart 1 --metric sys.gpu0.mem")  # type: ignore

    at_console(benched, do)


def test_of_all_metrics_one_is_chosen_for_the_large_chart(benched: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press(*run_1("a"))
        before = here.app.area.view.charted  # type: ignore[union-attr]
        await here.press("right", "enter")
        assert here.app.area.view.charted != before  # type: ignore[union-attr]
        assert here.app.focused is here.app.area.main()  # type: ignore[union-attr]

    at_console(benched, do)
