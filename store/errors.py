"""Every error a person may see. One tree, so a caller can catch as wide or as narrow as it needs.

LinesideError               exit 1   could not do it
├── Usage                   exit 2   asked wrongly: unknown key, missing column, bad name
│   ├── BadConfig                    lineside.toml or config.toml says what we do not understand
│   └── BadData                      a file is not the table it should be
├── Refused                 exit 3   asked rightly, but not allowed or not in this state
│   ├── NotPermitted                 the role does not reach
│   └── Conflict                     the row changed since it was read
├── NotFound                exit 1   no such row
├── HomeProblem             exit 1   the home folder cannot be used
│   └── SchemaTooNew                 written by a newer lineside
└── RunnerDown              exit 1   nobody answers at the runner's socket
"""


class LinesideError(Exception):
    """Root of the tree; `str(error)` is fit for the screen, `hint` is what to do next."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Usage(LinesideError):
    """The request itself is wrong."""

    exit_code = 2


class BadConfig(Usage):
    """lineside.toml or config.toml says something lineside does not understand."""


class BadData(Usage):
    """A file is not the table it should be."""


class Refused(LinesideError):
    """The request is understood and not allowed, or not in this state."""

    exit_code = 3


class NotPermitted(Refused):
    """The caller's role does not reach this verb."""


class Conflict(Refused):
    """The row is no longer in the state the caller saw."""


class NotFound(LinesideError):
    """A row was asked for by a name or number that does not exist."""

    def __init__(self, kind: str, key: object, *, hint: str = "") -> None:
        super().__init__(f"no {kind} {key!r}", hint=hint or f"list them with: lineside {kind}s ls")


class HomeProblem(LinesideError):
    """The home folder cannot be used."""


class SchemaTooNew(HomeProblem):
    """The database was written by a newer lineside."""


class RunnerDown(LinesideError):
    """Nobody answers at the runner's socket."""


BY_NAME: dict[str, type[LinesideError]] = {
    kind.__name__: kind
    for kind in (
        LinesideError, Usage, BadConfig, BadData, Refused, NotPermitted, Conflict, HomeProblem,
        SchemaTooNew, RunnerDown,
    )
}  # fmt: skip


def rebuild(name: str, message: str, hint: str) -> LinesideError:
    """The error a runner sent over its socket, as the same class on this side."""
    if name == NotFound.__name__:
        error = LinesideError.__new__(NotFound)
        LinesideError.__init__(error, message, hint=hint)
        return error
    return BY_NAME.get(name, LinesideError)(message, hint=hint)
