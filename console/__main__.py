"""`lineside`: the console when nothing is said, a verb otherwise. Errors become words and an exit code."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineside.store.errors import LinesideError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; 0 done, 1 failed, 2 wrong usage, 3 refused, 130 Ctrl-C."""
    import click

    from lineside.console.cli import cli
    from lineside.store.errors import LinesideError

    try:
        answer = cli(
            args=list(sys.argv[1:] if argv is None else argv), prog_name="lineside", standalone_mode=False
        )
    except click.exceptions.Abort:
        return 130
    except click.ClickException as error:
        error.show()
        return 2
    except LinesideError as error:
        return _explain(error)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `lineside runs ls | head`
        sys.stderr.close()
        return 0
    return answer if isinstance(answer, int) else 0


def _explain(error: "LinesideError") -> int:
    sys.stderr.write(f"lineside: {error}\n")
    if error.hint:
        sys.stderr.write(f"  {error.hint}\n")
    return int(error.exit_code)


if __name__ == "__main__":
    sys.exit(main())
