"""The runner's side of a model server's control calls: load, route, and ask for the truth."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx

from lineside.jobs.packaging.packages import Golden
from lineside.jobs.packaging.scoring import TOLERANCE
from lineside.store.errors import LinesideError, Refused

_QUICK_S, _LOAD_S = 5.0, 120.0
"""A look must not hang; a large model takes its time to load."""


class Unreachable(LinesideError):
    """The server did not answer: it starts, it ends, or it hangs."""


class ModelClient:
    """One model at one server."""

    def __init__(self, http: httpx.AsyncClient, *, model: str, token: str) -> None:
        self._http, self._base = http, f"/v2/models/{model}"
        self._auth = {"authorization": f"Bearer {token}"}

    async def alive(self) -> bool:
        """Whether it answers at all."""
        with contextlib.suppress(Unreachable):
            return (await self._ask("GET", "/v2/health/live"))[0] == 200
        return False

    async def live_version(self) -> str | None:
        """The version unversioned requests reach; None: none yet, or it is not a server of ours."""
        status, said = await self._ask("GET", self._base)
        version = said.get("parameters", {}).get("version") if status == 200 else None
        return None if version is None else str(version)

    async def load(self, version: str, path: Path) -> None:
        """Have it load and prove a version.

        Raises:
            Refused: it will not serve that package.
            Unreachable: it did not answer.
        """
        await self._admin("/admin/load", {"version": version, "path": str(path)})

    async def route(self, version: str) -> None:
        """Make a loaded version live."""
        await self._admin("/admin/route", {"live": version})

    async def check(self, version: str, golden: Golden, *, live: bool = True) -> None:
        """Ask the golden questions: on the path everybody uses, or (not `live`) on the version's own.

        Raises:
            Refused: another version answers, or the answers are not the golden ones.
            Unreachable: it did not answer.
        """
        path = self._base if live else f"{self._base}/versions/{version}"
        status, said = await self._ask("POST", f"{path}/infer", _question(golden))
        if status != 200:
            raise Refused(f"the golden rows were refused: {said.get('error')}")
        if said.get("model_version") != version:
            raise Refused(f"version {said.get('model_version')} answers, not version {version}")
        outputs = {each["name"]: each["data"] for each in said["outputs"]}
        if (moved := _moved(outputs, golden)) > TOLERANCE:
            raise Refused(f"the golden answers of version {version} moved by {moved:.2g}")

    async def _admin(self, path: str, body: dict[str, str]) -> None:
        status, said = await self._ask("POST", path, body)
        if status != 200:
            raise Refused(str(said.get("error", f"the server answered {status} to {path}")))

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        """Status and JSON object of one call."""
        timeout = _QUICK_S if body is None else _LOAD_S
        try:
            answer = await self._http.request(method, path, json=body, headers=self._auth, timeout=timeout)
            said = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            words = str(error) or type(error).__name__
            raise Unreachable(
                f"the model server does not answer: {words}", hint="read its log: lineside jobs logs"
            ) from error
        return answer.status_code, said if isinstance(said, dict) else {}


@contextlib.asynccontextmanager
async def talking_to(url: str, *, model: str, token: str) -> AsyncIterator[ModelClient]:
    """A client for a few calls; proxies of the environment are not asked about our own box."""
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        yield ModelClient(http, model=model, token=token)


def _question(golden: Golden) -> dict[str, Any]:
    """The golden rows as one request, one input per column; not for the payload log."""
    inputs = []
    for name, values in golden.inputs.items():
        words = any(isinstance(value, str) for value in values)
        datatype = "BYTES" if words else "FP64"
        inputs.append({"name": name, "shape": [len(values)], "datatype": datatype, "data": values})
    return {"id": "golden", "parameters": {"probe": True}, "inputs": inputs}


def _moved(outputs: dict[str, list[Any]], golden: Golden) -> float:
    """The largest difference between what is answered and what was answered when the model was made."""
    if golden.probabilities is not None:
        then = [value for row in golden.probabilities for value in row]
        pairs = zip(outputs["probabilities"], then, strict=True)
        return max((abs(float(now) - then) for now, then in pairs), default=0.0)
    values = [float(value) for value in golden.labels]
    both = zip(outputs["predict"], values, strict=True)
    return max((abs(float(now) - then) / max(1.0, abs(then)) for now, then in both), default=0.0)
