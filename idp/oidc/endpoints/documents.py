"""Documents that change rarely and are asked for often: answered as ready bytes, with an ETag."""

from flask import request
from werkzeug.wrappers import Response


def ready(body: bytes, etag: str, *, max_age: int) -> Response:
    """Answer with a JSON document, or with 304 where the asker has it already; `max_age` in seconds."""
    response = Response(body, mimetype="application/json")
    response.set_etag(etag)
    response.headers["Cache-Control"] = f"public, max-age={max_age}"
    return response.make_conditional(request)
