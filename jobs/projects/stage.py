"""One stage as a process: looks whether it must run, runs its command, and writes down what that made.

    python -P -m lineside.jobs.projects.stage BRIEF -- CMD…

This is where the cache decides, and not the planner: what a stage reads may be what the stage before it has
yet to write, so its hash is known only when its turn has come. It is not the runner either, which never reads
a project's folder and hashes nothing. The runner leaves the earlier results in BRIEF; this process leaves
`result` beside it, synced and renamed, as the last thing before it ends with 0. The runner enters it in the
transaction that ends the job, and only for a job that ended well: whatever is killed, at any moment, has not
been cached. The command is a child in the same session; it gets the signals that its leader gets, and this
process ends as it ended.

Standard library only, but for the SDK when there are numbers to log.
"""

import contextlib
import ctypes
import json
import math
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lineside.jobs.projects import keys
from lineside.jobs.projects.hashing import Files
from lineside.jobs.projects.keys import Inputs, Recipe
from lineside.store.errors import LinesideError, NotFound, Refused

_FORWARDED = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGINT, signal.SIGHUP, signal.SIGCONT)
"""Sent to the leader alone, to ask for a checkpoint. A stop reaches the whole tree: SIGTERM is not passed on,
or the command would get it twice."""
_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def main(args: Sequence[str]) -> int:
    """Run the stage of the brief in `args[0]`; the command stands behind `--`."""
    brief = Path(args[0])
    said = json.loads(brief.read_bytes())
    recipe = Recipe.of(said["recipe"])
    files = Files.of(recipe.folder)
    for number in _FORWARDED:  # while nothing runs, there is nothing to save
        signal.signal(number, lambda *_: None)
    try:
        result = _stage(recipe, said["known"], files, lambda: _run(list(args[2:])))
        if isinstance(result, int):
            return result
        _log(recipe, result["metrics"])
    except LinesideError as error:
        _say(f"{error}" + (f"; {error.hint}" if error.hint else ""))
        return 1
    finally:
        files.keep()
    _leave(brief.with_name("result"), result)
    return 0


def why(recipe: Recipe, inputs: Inputs, known: Sequence[Mapping[str, Any]], files: Files) -> tuple[str, Any]:
    """Why the stage must run, and the earlier result that would do; ("", result) when it need not run.

    Args:
        known: earlier results, the newest first, as the runner keeps them.
    """
    key = keys.key_of(inputs)
    same = next((each for each in known if each["key"] == key), None)
    if not recipe.may_skip:
        return "it runs every time", None
    if same is not None:
        gone = keys.changed_outs(recipe, same["outs"], files)
        return gone, None if gone else same
    if not known:
        return "it has not run before", None
    return keys.changes(json.loads(known[0]["inputs"]), inputs) or "nothing that is known of", None


def _log(recipe: Recipe, numbers: Mapping[str, float]) -> None:
    """Log params and what the metrics files say, after the last step of what the command logged itself."""
    if not (numbers or recipe.params) or "LINESIDE_RUN" not in os.environ:
        return
    os.environ["LINESIDE_SURVEY"] = "off"  # the command's own run has looked around
    sys.argv = list(recipe.argv)  # the run is of the command, not of this process
    import lineside

    with lineside.start_run(resume=os.environ["LINESIDE_RUN"], params=recipe.params) as run:
        run.log_metrics(numbers)


def _numbers_of(recipe: Recipe) -> dict[str, float]:
    """The numbers of the stage's metrics files, by their dotted names.

    Raises:
        Refused: a file is not JSON.
    """
    found: dict[str, float] = {}
    for path in recipe.metrics:
        try:
            found |= _numbers(json.loads(Path(recipe.at(path)).read_bytes()))
        except OSError as error:
            raise NotFound("metrics file", path, hint=f"stage {recipe.cell} says it writes it") from error
        except ValueError as error:
            raise Refused(f"the metrics file {path} is not JSON", hint='{"accuracy": 0.9}') from error
    return found


def _stage(
    recipe: Recipe, known: Sequence[Mapping[str, Any]], files: Files, run: Callable[[], int]
) -> dict[str, Any] | int:
    """What the stage made, or what an earlier one had made; a number: the exit status of a failed command."""
    inputs = keys.gather(recipe, files, os.environ)
    reason, same = why(recipe, inputs, known, files)
    key = keys.key_of(inputs)
    told = {"key": key, "inputs": inputs}
    if same is not None:
        _say(f"cached ({key[:8]}): same as job {same['job_id']}")
        return {**told, "as": same["job_id"], "outs": same["outs"], "metrics": _numbers_of(recipe)}
    if recipe.look:
        raise Refused(f"{recipe.cell} changed since it was planned: {reason}", hint="run the pipeline again")
    files.keep()  # nobody reads large deps twice because this run fails
    _say(f"runs because {reason}")
    if (status := run()) != 0:
        return status
    outs = [_made(recipe, files, path) for path in recipe.makes]
    after = keys.gather(recipe, files, os.environ)
    moved = keys.changes(inputs, after)
    if moved:
        _say(f"while it ran, {moved}: its result will not stand for another run")
    records = recipe.records and not moved
    return {**told, "records": records, "reason": reason, "outs": outs, "metrics": _numbers_of(recipe)}


def _made(recipe: Recipe, files: Files, path: str) -> dict[str, Any]:
    try:
        found = files.digest(recipe.at(path))
    except OSError as error:
        raise NotFound("out", path, hint=f"stage {recipe.cell} ended well without writing it") from error
    return {"path": path, "digest": found.digest, "bytes": found.bytes}


def _run(command: list[str]) -> int:
    """Run the command to its end; ends this process by the signal that ended the command."""
    pid = os.fork()
    if pid == 0:
        _become(command)
    for number in _FORWARDED:
        signal.signal(number, lambda number, _: _pass_on(pid, number))
    signal.signal(signal.SIGTERM, lambda *_: None)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for number in _FORWARDED:
        signal.signal(number, lambda *_: None)
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
        return 128 - code
    return code


def _become(command: list[str]) -> None:
    """In the child: turn into the command; it dies with this process, whatever kills that. Never returns."""
    try:
        _LIBC.prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"lineside: cannot run {command[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(127)


def _pass_on(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _numbers(value: Any, name: str = "") -> dict[str, float]:
    """Dotted names and numbers of nested JSON; other leaves are left out."""
    if isinstance(value, dict):
        inner = [_numbers(each, f"{name}.{key}" if name else str(key)) for key, each in value.items()]
        return {key: number for each in inner for key, number in each.items()}
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return {name: float(value)} if name and number and not math.isinf(value) else {}


def _leave(path: Path, what: Mapping[str, Any]) -> None:
    """The last thing a stage does: all of it or nothing, and on the disk."""
    fresh = path.with_name(".result.new")
    with open(fresh, "w") as file:
        json.dump(what, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)


def _say(words: str) -> None:
    sys.stderr.write(f"lineside: {words}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
