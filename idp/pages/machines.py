"""Endpoints that machines call: no CSRF token, no cookies, no language, on any host name, answers without pages."""

from collections.abc import Callable, Collection, Iterator
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
    return asked is not None and (asked == "assets" or is_of_machine(asked))


def is_of_machine(endpoint: str) -> bool:
    """Tell whether an endpoint stands in a blueprint that only machines call, or in one that is part of such a one."""
    blueprint, _, _ = endpoint.rpartition(".")
    return blueprint in _machine_blueprints or ("." in blueprint and any(blueprint.startswith(f"{name}.") for name in _machine_blueprints))


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
    app.extensions["idp.hooks_for_pages"] = (begin, finish)


def hooks_for_pages(app: Flask) -> Collection[Callable[..., Any]]:
    """Give the hooks that do nothing at machine endpoints."""
    hooks: Collection[Callable[..., Any]] = app.extensions["idp.hooks_for_pages"]
    return hooks
