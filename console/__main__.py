"""`lineside`: the console when nothing is said, a verb otherwise. Errors become words and an exit code."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from lineside.console.terminal import opening

if TYPE_CHECKING:
    from lineside.store.errors import LinesideError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; 0 done, 1 failed, 2 wrong usage, 3 refused, 130 Ctrl-C."""
    given = list(sys.argv[1:] if argv is None else argv)
    wish = opening.wish(given)
    try:
        return _verb(given) if wish is None else _console(wish)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `lineside runs ls | head`
        sys.stderr.close()
        return 0
    except _told() as error:
        return _explain(error)


def _told() -> "type[LinesideError]":
    """What has words for the person; imported when there is something to say."""
    from lineside.store.errors import LinesideError

    return LinesideError


def _console(wish: opening.Wish) -> NoReturn:
    """The console, drawn before it is imported."""
    with opening.screen():
        from lineside.console.terminal import haste

        haste.begin()
        from pathlib import Path

        from lineside.console.terminal.start import run
        from lineside.store.homes import Home

        code = run(Home(Path(wish.home)), acting_as=wish.acting_as, flags=wish.flags, starts=True)
    opening.leave(code)


def _verb(argv: list[str]) -> int:
    import click

    from lineside.console.cli import cli

    try:
        answer = cli(args=argv, prog_name="lineside", standalone_mode=False)
    except click.exceptions.Abort:
        return 130
    except click.ClickException as error:
        error.show()
        return 2
    return answer if isinstance(answer, int) else 0


def _explain(error: "LinesideError") -> int:
    sys.stderr.write(f"lineside: {error}\n")
    if error.hint:
        sys.stderr.write(f"  {error.hint}\n")
    return int(error.exit_code)


if __name__ == "__main__":
    sys.exit(main())
