"""Running it: health pages, request log and counts, the supervisor of `idp serve`, what the metrics page shows.

Start reading at `supervisor.py` for processes, at `logs.py` for what may stand in a log.
"""

from flask import Flask

from idp.operations import health, request_log

__all__ = ["init_app"]


def init_app(app: Flask) -> None:
    """Register the health pages and the request log."""
    request_log.init_app(app)
    health.init_app(app)
