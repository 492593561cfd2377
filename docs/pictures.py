"""Take the README's pictures: tell the demo headless, open the console on its home, press keys, save SVG.

    python docs/pictures.py [--home DIR]     an earlier demo's home saves the minute

Run by `just pictures`; nothing in the pictures is drawn by hand.
"""

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from lineside.console.app import LinesideApp
from lineside.console.ports import RunnerActions, SqliteStore
from lineside.jobs import commands
from lineside.store.homes import Home

FOLDER = Path(__file__).parent / "pictures"

SHOTS = {
    "wall": (["1"], (120, 34)),
    "runs": (["2", "space", "down", "space", "tab", "right", "right", "right", "right"], (120, 34)),
    "compare": (["2", "space", "down", "space", "x"], (160, 40)),
    "jobs": (["3"], (120, 34)),
    "data": (["4", "enter"], (120, 34)),
    "models": (["5"], (120, 34)),
    "lineage": (["6"], (160, 40)),
    "monitor": (["7"], (120, 36)),
    "sql": (["9", "o", "c", "x"], (120, 34)),
    "keys": (["2", "question_mark"], (120, 34)),
}
"""Picture → the keys that lead there, and the size of the terminal."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path)
    given = parser.parse_args()
    path = Path(tempfile.mkdtemp(prefix="lineside-demo-")) / "home"
    if given.home is not None:
        shutil.copytree(given.home, path, symlinks=True, ignore=shutil.ignore_patterns("*.sock"))
    if given.home is None:
        subprocess.run(
            [sys.executable, "-m", "lineside.console", "demo", "--headless", "--home", str(path)], check=True
        )
    os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp()  # as somebody who was never here
    FOLDER.mkdir(exist_ok=True)
    home = Home(path)
    commands.ensure_runner(home)
    try:
        for name, (keys, size) in SHOTS.items():
            asyncio.run(shoot(home, name, keys, size))
    finally:
        commands.stop_runner(home, jobs=True)


async def shoot(home: Home, name: str, keys: list[str], size: tuple[int, int]) -> None:
    """One picture."""
    store = SqliteStore(home)
    app = LinesideApp(store, RunnerActions(home))
    async with app.run_test(size=size) as pilot:
        while not app.runner.up:
            await pilot.pause(0.1)
        for key in keys:
            await pilot.press(key)
            await app.workers.wait_for_complete()
            await pilot.pause(0.3)
        (FOLDER / f"{name}.svg").write_text(app.export_screenshot(title=f"lineside · {name}"))
    store.close()


if __name__ == "__main__":
    main()
