"""The running request and its notes themselves.

Each look through Flask's proxies `request` and `g` costs about a microsecond; hooks that run for every request, and look a dozen times,
use these.
"""

from typing import Any, cast

from flask import Request, g, request

__all__ = ["running_notes", "running_request"]


def running_request() -> Request:
    """Give what `request` stands for."""
    return cast("Request", request._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001 - werkzeug documents it


def running_notes() -> Any:
    """Give what `g` stands for."""
    return g._get_current_object()  # noqa: SLF001
