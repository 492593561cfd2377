"""`python -m lineside.jobs.serving`: one model server in the foreground.

SIGTERM ends it after the last answer and with the payload log on disk.
"""

import argparse
import errno
import json
import logging
import socket
import sys
from pathlib import Path

from lineside.jobs.serving import tokens


def main(argv: list[str] | None = None) -> int:
    """Serve until told to stop; 1 when the port cannot be had."""
    args = _arguments().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    args.folder.mkdir(parents=True, exist_ok=True)
    try:
        listener = _listen(args.host, args.port)
    except OSError as error:
        why = "is already in use" if error.errno == errno.EADDRINUSE else f"cannot be had: {error.strerror}"
        hint = "choose another with --port, or leave it out for a free one"
        print(f"lineside: port {args.port} on {args.host} {why}\n{hint}", file=sys.stderr)  # noqa: T201
        return 1
    with listener:
        _serve(listener, args)
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lineside-serving", description=__doc__)
    parser.add_argument("--name", required=True, help="the deployment's name")
    parser.add_argument("--model", help="the model's name in URLs; the deployment's when not given")
    parser.add_argument("--folder", required=True, type=Path, help="the token and the versions")
    parser.add_argument("--payloads", required=True, type=Path, help="the payload log, appended to")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    return parser


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


def _serve(listener: socket.socket, args: argparse.Namespace) -> None:
    import onnxruntime  # noqa: F401  # here, not in the first load: that one would happen under traffic
    import uvicorn

    from lineside.jobs.serving.server import ModelServer

    token = tokens.ensure(args.folder)
    app = ModelServer(model=args.model or args.name, folder=args.folder, token=token, payloads=args.payloads)
    host, port = listener.getsockname()[:2]
    print(json.dumps({"name": args.name, "listening": f"http://{host}:{port}"}), flush=True)  # noqa: T201
    config = uvicorn.Config(
        app, loop="uvloop", http="httptools", ws="none", lifespan="on", log_config=None, access_log=False,
        server_header=False, date_header=False, timeout_keep_alive=75, timeout_graceful_shutdown=10,
    )  # fmt: skip
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    sys.exit(main())
