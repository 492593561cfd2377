"""Everything but inference: health, metadata, metrics, and the two calls that change versions.

POST /admin/load   {"version": "3", "path": "…/3"}   load, warm up, prove on golden rows; not yet live
POST /admin/route  {"live": "3"}                     make it live in one step
Both need `Authorization: Bearer <the token in the deployment's folder>`.
"""

import asyncio
import contextlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lineside.jobs.serving.answers import dumps
from lineside.jobs.serving.metrics import CONTENT_TYPE, Metrics
from lineside.jobs.serving.router import Router, Served

_NAME = "lineside"
_PLATFORM = "onnxruntime_onnx"


class Admin:
    """The slow routes, over one router."""

    def __init__(
        self, router: Router, metrics: Metrics, *, folder: Path, token: str, close: Callable[[], None]
    ) -> None:
        self._router, self._metrics = router, metrics
        self._folder, self._token, self._close = folder.resolve(), token, close
        self._changing = asyncio.Lock()

    def app(self) -> Starlette:
        model = f"/v2/models/{self._router.table.model}"
        version = model + "/versions/{version}"
        get, post = ["GET"], ["POST"]
        routes = [
            Route("/v2/health/live", self._live, methods=get),
            Route("/v2/health/ready", self._ready, methods=get),
            Route("/v2", self._server, methods=get),
            Route(model, self._metadata, methods=get),
            Route(version, self._metadata, methods=get),
            Route(model + "/ready", self._model_ready, methods=get),
            Route(version + "/ready", self._model_ready, methods=get),
            Route("/v2/repository/index", self._index, methods=post),
            Route("/metrics", self._page, methods=get),
            Route("/admin/load", self._load, methods=post),
            Route("/admin/route", self._route, methods=post),
        ]
        return Starlette(routes=routes, lifespan=self._lifespan, exception_handlers={404: _unknown})

    @contextlib.asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(self._close)

    async def _live(self, request: Request) -> Response:
        return reply({"live": True})

    async def _ready(self, request: Request) -> Response:
        return reply({"ready": self._router.ready}, 200 if self._router.ready else 503)

    async def _server(self, request: Request) -> Response:
        from importlib.metadata import version

        return reply({"name": _NAME, "version": version("lineside"), "extensions": ["model_repository"]})

    async def _model_ready(self, request: Request) -> Response:
        table, version = self._router.table, request.path_params.get("version")
        if version is not None and version not in table.versions:
            return reply({"error": f"version {version!r} is not loaded"}, 404)
        ready = version is not None or table.live is not None
        return reply({"name": table.model, "ready": ready}, 200 if ready else 503)

    async def _metadata(self, request: Request) -> Response:
        table = self._router.table
        version = request.path_params.get("version", table.live)
        if version is None:
            return reply({"error": "no version is live yet"}, 503)
        if version not in table.versions:
            return reply({"error": f"version {version!r} is not loaded"}, 404)
        served = table.versions[version]
        return reply({"name": table.model, "versions": list(table.versions), **_describe(served)})

    async def _index(self, request: Request) -> Response:
        table = self._router.table
        return reply(
            [{"name": table.model, "version": version, "state": "READY",
              "reason": "live" if version == table.live else "", "in_flight": served.in_flight}
             for version, served in table.versions.items()]
        )  # fmt: skip

    async def _page(self, request: Request) -> Response:
        return Response(self._metrics.page(), media_type=CONTENT_TYPE)

    async def _load(self, request: Request) -> Response:
        asked = await self._asked(request, "version", "path")
        if isinstance(asked, Response):
            return asked
        version, path = asked["version"], Path(asked["path"]).resolve()
        if not path.is_relative_to(self._folder):
            return reply({"error": f"{path} lies outside {self._folder}"}, 400)
        async with self._changing:
            if version not in self._router.table.versions:
                of_version = self._metrics.of_version(version)
                try:
                    self._router.add(await asyncio.to_thread(Served, version, path, of_version))
                except Exception as error:  # noqa: BLE001 - whatever a package can do wrong, the server lives on
                    return reply({"error": f"cannot serve {path}: {error}"}, 422)
        return reply({"loaded": version})

    async def _route(self, request: Request) -> Response:
        asked = await self._asked(request, "live")
        if isinstance(asked, Response):
            return asked
        async with self._changing:
            if asked["live"] not in self._router.table.versions:
                return reply({"error": f"version {asked['live']!r} is not loaded"}, 409)
            self._router.route(asked["live"])
        return reply({"live": asked["live"]})

    async def _asked(self, request: Request, *keys: str) -> dict[str, str] | Response:
        """The body of an admin call, or the refusal."""
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            return reply({"error": "this call needs the deployment's token"}, 401)
        try:
            table = json.loads(await request.body())
        except ValueError:
            return reply({"error": "the body is not JSON"}, 400)
        if not isinstance(table, dict) or not all(isinstance(table.get(key), str) for key in keys):
            return reply({"error": f"the body must be an object with {' and '.join(keys)}"}, 400)
        return {key: table[key] for key in keys}


def reply(value: Any, status: int = 200) -> Response:
    return Response(dumps(value), status, media_type="application/json")


async def _unknown(request: Request, error: Exception) -> Response:
    return reply({"error": f"nothing is served at {request.url.path}"}, 404)


def _describe(served: Served) -> dict[str, Any]:
    """V2 metadata; `parameters.features` gives the columns in the order of the [n, k] tensor."""
    package, width = served.scorer.package, len(served.classes)
    inputs = (
        [{"name": "features", "datatype": "FP32", "shape": [-1, served.encoder.width]}]
        if served.encoder.all_numeric
        else [{"name": each.name, "shape": [-1], "datatype": "FP32" if each.kind == "numeric" else "BYTES"}
              for each in served.encoder.features]
    )  # fmt: skip
    outputs: list[dict[str, Any]] = [{"name": "predict", "datatype": served.datatype, "shape": [-1]}]
    if width:
        outputs.append({"name": "probabilities", "datatype": "FP32", "shape": [-1, width]})
    parameters = {
        "version": served.version, "task": package.task, "target": package.target,
        "features": served.names, "classes": served.classes,
    }  # fmt: skip
    return {"platform": _PLATFORM, "inputs": inputs, "outputs": outputs, "parameters": parameters}
