"""Endpoints that machines call: no CSRF token, no cookies, no language, on any host name, answers without pages."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Blueprint, Flask, request

from idp.pages import csrf

_machine_blueprints: set[str] = set()


def exempt_machine(blueprint: Blueprint) -> None:
    """Declare that only machines call this blueprint (token, introspection, discovery, API, health)."""
    csrf.exempt_blueprint(blueprint)
    _machine_blueprints.add(blueprint.name)


def asks_machine() -> bool:
    """Tell whether the running request goes to a machine endpoint, or to a style sheet or picture."""
    asked = request.endpoint
    if asked is None:
        return False
    return asked == "assets" or asked.rpartition(".")[0] in _machine_blueprints or not _machine_blueprints.isdisjoint(request.blueprints)


@contextmanager
def for_pages_alone(app: Flask) -> Iterator[None]:
    """Keep the hooks that are registered within this block from machine endpoints: none of them costs those anything."""
    places: tuple[dict[Any, list[Callable[..., Any]]], ...] = (
        app.before_request_funcs,
        app.after_request_funcs,
        app.teardown_request_funcs,
    )
    known = [len(place.get(None, [])) for place in places]
    yield
    before, after, teardown = ([*place[None][count:]] for place, count in zip(places, known, strict=True))
    for place, count in zip(places, known, strict=True):
        del place[None][count:]

    def begin() -> Any:
        if asks_machine():
            return None
        return next((answer for hook in before if (answer := hook()) is not None), None)

    def finish(response: Any) -> Any:
        if not asks_machine():
            for hook in reversed(after):
                response = hook(response)
        return response

    def forget(error: BaseException | None) -> None:
        if not asks_machine():
            for hook in reversed(teardown):
                hook(error)

    app.before_request(begin)
    app.after_request(finish)
    app.teardown_request(forget)
