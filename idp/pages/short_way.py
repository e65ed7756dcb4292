"""The short way of a request to a machine endpoint whose address is a fixed text.

What Flask looks up for each request anew (rule, hooks of the application and of the blueprint, their order) is looked up once. The same
hooks, error handlers and view run as in `Flask.full_dispatch_request`; left out is what those endpoints do not have: a session, parts
of the address, signals, `url_for`. Any other request goes Flask's way.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Flask, Response
from flask.ctx import RequestContext
from flask.sessions import NullSession
from werkzeug.routing import Rule

from idp.pages.machines import hooks_for_pages, is_of_machine
from idp.unit_of_work import retry_once

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["ShortWay"]

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_NO_SESSION = NullSession()
_PRESERVES_CONTEXT = "werkzeug.debug.preserve_context"


@dataclass(frozen=True, slots=True)
class _Route:
    rule: Rule
    view: Callable[[], Any]
    before: Sequence[Callable[[], Any]]
    after: Sequence[Callable[[Response], Response]]


class ShortWay:
    """Answers for one application, once its hooks and views are complete."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._routes = {
            (method, rule.rule): _route(app, rule)
            for rule in app.url_map.iter_rules()
            if not rule.arguments and is_of_machine(rule.endpoint)
            for method in _METHODS.intersection(rule.methods or ())
        }

    def answer(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes] | None:
        """Answer a request to one of the addresses; None for any other request."""
        route = self._routes.get((environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")))
        if route is None or _PRESERVES_CONTEXT in environ:
            return None
        request = self._app.request_class(environ)
        request.json_module = self._app.json
        request.url_rule, request.view_args = route.rule, {}
        context = RequestContext(self._app, environ, request, _NO_SESSION)
        failure: BaseException | None = None
        context.push()
        try:
            try:
                response = self._respond(route)
            except Exception as error:  # noqa: BLE001 - as in Flask.wsgi_app
                failure = error
                response = self._app.handle_exception(error)
            return response(environ, start_response)
        except BaseException as error:
            failure = failure or error
            raise
        finally:
            context.pop(failure)

    def _respond(self, route: _Route) -> Response:
        answered = None
        try:
            for hook in route.before:
                answered = hook()
                if answered is not None:
                    break
            else:
                answered = retry_once(route.view)
        except Exception as error:  # noqa: BLE001 - as in Flask.full_dispatch_request
            answered = self._app.handle_user_exception(error)
        response = self._app.make_response(answered)
        for finish in route.after:
            response = finish(response)
        return response


def _route(app: Flask, rule: Rule) -> _Route:
    """Collect what concerns a rule, in the order in which Flask would call it; names of nested blueprints hold those around them."""
    parts = rule.endpoint.split(".")[:-1]
    inner = [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
    left_out = hooks_for_pages(app)
    before = [hook for name in (None, *reversed(inner)) for hook in app.before_request_funcs.get(name, ())]
    after = [hook for name in (*inner, None) for hook in reversed(app.after_request_funcs.get(name, ()))]
    return _Route(
        rule,
        app.view_functions[rule.endpoint],
        tuple(hook for hook in before if hook not in left_out),
        tuple(hook for hook in after if hook not in left_out),
    )
