"""The driver: `python -m lineside.console.demo --home H …` tells the story in a demo home."""

import argparse
import json
import sys
import time
from pathlib import Path

from lineside.console.demo import tables
from lineside.console.demo.story import ANA, Story
from lineside.jobs import commands
from lineside.store.errors import LinesideError
from lineside.store.homes import Home

_WINDOW_S = 4.0
"""How long a window takes when nobody chose a speed."""


def main() -> int:
    """Tell the story; each line goes to the console's story line and to stdout."""
    parser = argparse.ArgumentParser(prog="lineside demo", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument(
        "--plan", required=True, help="JSON: the options of `lineside demo` that choose the data"
    )
    parser.add_argument("--rows-per-s", type=float, required=True, help="0: by itself")
    given = parser.parse_args()
    home = Home(given.home)
    began = time.monotonic()

    def tell(text: str, key: str | None) -> None:
        sys.stdout.write(f"{time.monotonic() - began:6.1f} s  {text}\n")
        sys.stdout.flush()
        commands.ask(home, "story.say", {"text": text, "key": key}, acting_as=ANA)

    try:
        plan = plan_of(json.loads(given.plan))
        speed = given.rows_per_s or max(w.height for w in plan.windows) / _WINDOW_S
        Story(home, plan, tell=tell, rows_per_s=speed).run()
    except LinesideError as error:
        tell(f"the demo stopped: {error}. {error.hint}", None)
        return error.exit_code
    except KeyboardInterrupt:  # Ctrl-C reaches this process too; the one that started it tells the rest
        return 130
    return 0


def plan_of(options: dict[str, object]) -> tables.Plan:
    """The plan that the options choose: the digits, or a file of the user's own."""
    path = options.pop("path", None)
    return tables.of_file(Path(str(path)), **options) if path else tables.digits()  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(main())
