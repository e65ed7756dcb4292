"""A web server for one WSGI application: `python -m idp.operations.web --port 8000 package.module:factory`.

granian's own access log stays off (ours is `request_log.py`); its other lines go to standard error.
"""

import argparse
import gc
import importlib
import logging
import os
import signal
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from idp.operations.children import end_with_parent
from idp.operations.whole_requests import WholeRequests
from idp.turns import Turns

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": '{"event": "%(message)s", "level": "%(levelname)s", "logger": "granian"}'}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
    "loggers": {"_granian": {"handlers": ["stderr"], "propagate": False}},
}
SECONDS_TO_FINISH = 3
LONGEST_IDLE = 600
"""Seconds, the most that the server takes: what comes in the moment in which the thread ends that leads would wait for the next request."""


def load(target: str, taking_turns: int | None = None) -> Any:
    """Make the application inside a web process, which ends with the server that started it.

    `taking_turns`: so many threads do, and give it whole requests; for at most three quarters of them the body is still to come.
    """
    end_with_parent()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    application = factory_of(target)()
    return Turns(WholeRequests(application, taking_turns * 3 // 4)) if taking_turns else application


def factory_of(target: str) -> Callable[[], Any]:
    """Import the application's factory."""
    module, _, name = target.partition(":")
    factory: Callable[[], Any] = getattr(importlib.import_module(module), name)
    return factory


def main() -> None:
    """Serve until told to stop."""
    arguments = parse()
    end_with_parent()
    gc.disable()  # nothing of what is imported becomes garbage, and looking for it takes a tenth of a second
    factory_of(arguments.target)  # imported once, before the web processes are forked
    gc.enable()
    interface: Literal[Interfaces.WSGI] = Interfaces.WSGI
    server = Server(
        target=arguments.target,
        address=arguments.host,
        port=arguments.port,
        interface=interface,
        workers=arguments.workers,
        blocking_threads=arguments.threads,
        blocking_threads_idle_timeout=LONGEST_IDLE,
        http1_settings=None,
        websockets=False,
        log_level=LogLevels.error,
        log_dictconfig=LOGGING,
        log_access=False,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=SECONDS_TO_FINISH,
    )
    code = 0
    try:
        server.serve(target_loader=partial(load, taking_turns=arguments.threads if arguments.take_turns else None))
    except SystemExit as end:
        code = 1 if end.code else 0
    logging.shutdown()
    os._exit(code)  # its web processes are gone; taking apart the imported application would only cost time


def parse() -> argparse.Namespace:
    """Read what the supervisor asks for."""
    parser = argparse.ArgumentParser(prog="idp.operations.web")
    parser.add_argument("target")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument(
        "--take-turns", action="store_true", help="let one thread take the requests while none has to wait, with whole bodies"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
