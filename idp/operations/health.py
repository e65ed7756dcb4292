"""`/health/live` and `/health/ready`: is the process there, and can it serve."""

from typing import Any

import structlog
from flask import Blueprint, Flask, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from idp.errors import TryAgain
from idp.pages.machines import exempt_machine
from idp.unit_of_work import current_units, read_work

PING = text("SELECT 1")

log = structlog.get_logger("idp.health")
blueprint = Blueprint("health", __name__, url_prefix="/health")


def init_app(app: Flask) -> None:
    """Put the two pages in; they answer on any host name and need no database to be found."""
    exempt_machine(blueprint)
    app.register_blueprint(blueprint)


@blueprint.get("/live")
def live() -> ResponseReturnValue:
    """Answer that the process runs."""
    return answer({"status": "live"}, 200)


@blueprint.get("/ready")
def ready() -> ResponseReturnValue:
    """Answer whether the database is within reach; without Redis each process counts by itself, which is no reason to stop."""
    if not database_answers():
        log.warning("not_ready", missing=["database"])
        return answer({"status": "not ready", "missing": ["database"]}, 503)
    if not redis_answers():
        log.warning("degraded", missing=["redis"])
        return answer({"status": "ready", "missing": ["redis"]}, 200)
    return answer({"status": "ready"}, 200)


def answer(document: dict[str, Any], status: int) -> ResponseReturnValue:
    """Answer with a document that nobody keeps."""
    response = jsonify(document)
    response.headers["Cache-Control"] = "no-store"
    return response, status


def database_answers() -> bool:
    """Ask the database for the least."""
    try:
        with read_work() as work:
            return work.db.execute(PING).scalar() == 1
    except TryAgain:
        return False


def redis_answers() -> bool:
    """Ask Redis whether it is there, where one is configured."""
    address = current_units().settings.redis_url.get_secret_value()
    if not address:
        return True
    from redis import Redis, RedisError  # noqa: PLC0415 - 4 MB that installations without Redis do without

    try:
        with Redis.from_url(address, socket_connect_timeout=1, socket_timeout=1) as redis:
            return bool(redis.ping())
    except RedisError:
        return False
