"""Send the rows of a file to a model server as V2 requests, at a chosen speed: traffic for demos and tests.

`python -m lineside.jobs.serving.replay --url http://127.0.0.1:8801 --model digit-reader --data recent.parquet
--ids-prefix day2- --rate 100`. Row i of the file has the id `<prefix>i`, so labels can be joined to it later.
"""

import argparse
import http.client
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lineside.store.errors import BadData, LinesideError, NotFound, Usage

Columns = Mapping[str, Sequence[Any]]

_TIMEOUT_S = 10.0
_SAY_EVERY_S = 1.0


@dataclass(slots=True, kw_only=True)
class Tally:
    """What has been sent so far."""

    rows: int = 0
    requests: int = 0
    failed: int = 0  # requests without a good answer
    retried: int = 0  # sent again because a reused connection was reset
    versions: dict[str, int] = field(default_factory=dict)  # answers per model version
    last_error: str = ""

    def table(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


class Client:
    """One kept-alive connection to one model."""

    def __init__(self, url: str, model: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise Usage(f"{url!r} is not the address of a server", hint="say http://127.0.0.1:8801")
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=_TIMEOUT_S)
        self._used = False
        self._model, self._path = model, f"/v2/models/{model}"
        self._kinds: dict[str, str] = {}
        self.tally = Tally()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def features(self) -> dict[str, str]:
        """The columns the live version takes, in order, with their V2 datatypes.

        Raises:
            NotFound: this server has no such model, or nothing is live.
            LinesideError: nobody answers.
        """
        try:
            status, body = self._ask("GET", self._path, None)
        except (OSError, http.client.HTTPException, json.JSONDecodeError) as error:
            hint = "start it with: lineside serve"
            raise LinesideError(f"no model server answers: {error}", hint=hint) from error
        if status != 200:
            raise NotFound("served model", self._model, hint=str(body.get("error", "")))
        named = {each["name"]: each["datatype"] for each in body["inputs"]}
        return {name: named.get(name, "FP32") for name in body["parameters"]["features"]}

    def infer(
        self, columns: Columns, *, ids: Sequence[str], event_us: Sequence[int] | int | None = None
    ) -> bool:
        """One request; whether it was answered well. A refusal or a silence is counted, never raised.

        Args:
            columns: name → values, one per id; columns the model does not take are not sent.
            event_us: when the rows happened: one moment for all, or one per row.

        Raises:
            BadData: a column the model takes is not there.
            NotFound, LinesideError: the first request found no model, or nobody.
        """
        self._kinds = self._kinds or self.features()
        self.tally.requests += 1
        self.tally.rows += len(ids)
        try:
            body = request(self._kinds, columns, ids=ids, event_us=event_us)
            status, said = self._ask("POST", self._path + "/infer", body)
        except (OSError, http.client.HTTPException, json.JSONDecodeError) as error:
            return self._failure(str(error) or type(error).__name__)
        if status != 200:
            self._kinds = {}  # the version that is live now may take other columns
            return self._failure(f"{status}: {said.get('error', said)}")
        version = said["model_version"]
        self.tally.versions[version] = self.tally.versions.get(version, 0) + 1
        return True

    def _failure(self, words: str) -> bool:
        self.tally.failed += 1
        self.tally.last_error = words
        return False

    def _ask(self, method: str, path: str, body: bytes | None) -> tuple[int, Any]:
        """A reset of a connection that was used before is no answer: the same once more on a fresh one."""
        try:
            return self._once(method, path, body)
        except (ConnectionError, http.client.BadStatusLine):
            reused, self._used = self._used, False
            self._connection.close()
            if not reused:
                raise
            self.tally.retried += 1
            return self._once(method, path, body)

    def _once(self, method: str, path: str, body: bytes | None) -> tuple[int, Any]:
        try:
            self._connection.request(method, path, body)
            answer = self._connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()  # whatever comes of it, the next request begins afresh
            raise
        self._used = True
        return answer.status, json.loads(data)


def send(
    url: str,
    model: str,
    columns: Columns,
    *,
    ids: Sequence[str],
    event_us: Sequence[int] | None = None,
    rate: float | None = None,
    batch: int = 1,
    say: Callable[[Tally], None] | None = None,
) -> Tally:
    """Send rows in order.

    Args:
        rate: rows per second; None: as fast as they are answered.
        batch: rows per request.
        say: called about once a second, and at the end.
    """
    with Client(url, model) as client:
        began = said = time.monotonic()
        for start in range(0, len(ids), batch):
            if rate:
                _wait_until(began + start / rate)
            part = slice(start, start + batch)
            piece = {name: values[part] for name, values in columns.items()}
            client.infer(piece, ids=ids[part], event_us=event_us[part] if event_us else None)
            if say is not None and time.monotonic() - said >= _SAY_EVERY_S:
                said = time.monotonic()
                say(client.tally)
        if say is not None:
            say(client.tally)
        return client.tally


def request(
    kinds: Mapping[str, str], columns: Columns, *, ids: Sequence[str], event_us: Sequence[int] | int | None
) -> bytes:
    """The V2 request for these rows: one tensor when all columns are numbers, else one per column.

    Raises:
        BadData: a column the model takes is not there.
    """
    if missing := [name for name in kinds if name not in columns]:
        raise BadData(f"the data has no column {missing[0]!r}, which the model takes")
    rows = len(ids)
    parameters: dict[str, Any] = {"ids": list(ids)}
    if event_us is not None:
        parameters["event_time_us"] = event_us if isinstance(event_us, int) else list(event_us)
    if all(kind == "FP32" for kind in kinds.values()):
        cut = zip(*(columns[name] for name in kinds), strict=True)
        data = [_plain(value) for row in cut for value in row]
        inputs = [{"name": "features", "shape": [rows, len(kinds)], "datatype": "FP32", "data": data}]
    else:
        inputs = [{"name": name, "shape": [rows], "datatype": kind,
                   "data": [_plain(value) for value in columns[name]]}
                  for name, kind in kinds.items()]  # fmt: skip
    body = {"id": ids[0], "parameters": parameters, "inputs": inputs}
    return json.dumps(body, allow_nan=False).encode()


def read(path: Path, *, time_column: str | None = None) -> tuple[dict[str, list[Any]], list[int] | None]:
    """The columns of a Parquet file, and the event times in microseconds when a column holds them.

    Raises:
        BadData: it is not a Parquet file, or has no such column of times.
    """
    import polars as pl

    try:
        table = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise BadData(f"{path} is not a Parquet file: {error}") from error
    if time_column is None:
        return table.to_dict(as_series=False), None
    if time_column not in table.columns:
        raise BadData(f"{path} has no column {time_column!r}", hint=f"it has {', '.join(table.columns[:8])}")
    times = table[time_column]
    if times.dtype.is_temporal():
        times = times.cast(pl.Datetime("us")).to_physical()
    elif not times.dtype.is_integer():
        raise BadData(
            f"column {time_column!r} holds no times", hint="a datetime, or microseconds as integers"
        )
    return table.drop(time_column).to_dict(as_series=False), times.to_list()


def _plain(value: Any) -> Any:
    """What JSON can hold: NaN and ±inf in words, a date as text."""
    if isinstance(value, float) and value - value != 0:  # true for NaN and ±inf alone
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _wait_until(moment: float) -> None:
    if (left := moment - time.monotonic()) > 0:
        time.sleep(left)


def main(argv: Sequence[str] | None = None) -> int:
    """Progress as JSON lines on stdout; 0 when every request was answered well."""
    args = _arguments().parse_args(argv)
    try:
        columns, event_us = read(args.data, time_column=args.time)
        rows = len(next(iter(columns.values()), []))
        tally = send(
            args.url, args.model, columns, ids=[f"{args.ids_prefix}{row}" for row in range(rows)],
            event_us=event_us, rate=args.rate, batch=args.batch, say=_say,
        )  # fmt: skip
    except LinesideError as error:
        sys.stderr.write(f"lineside: {error}\n{error.hint}\n")
        return error.exit_code
    return 1 if tally.failed else 0


def _say(tally: Tally) -> None:
    sys.stdout.write(json.dumps(tally.table()) + "\n")
    sys.stdout.flush()


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lineside replay", description=main.__doc__)
    parser.add_argument("--url", required=True, help="of the server: http://127.0.0.1:8801")
    parser.add_argument("--model", required=True, help="its name at that server")
    parser.add_argument("--data", required=True, type=Path, help="a Parquet file with the model's columns")
    parser.add_argument("--ids-prefix", default="", help="row i gets the id <prefix>i")
    parser.add_argument("--rate", type=_above_zero, help="rows per second; full speed when not given")
    parser.add_argument("--batch", type=_at_least_one, default=1, help="rows per request")
    parser.add_argument("--time", help="the column of event times; it is sent as such, not as a feature")
    return parser


def _at_least_one(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("it must be a number, at least 1")
    return int(text)


def _above_zero(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError("it must be a number above 0")
    return number


if __name__ == "__main__":
    sys.exit(main())
