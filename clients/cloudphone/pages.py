"""The pages: one telephone system per contract, the list of the opened ones, the documentation."""

from __future__ import annotations

from flask import Blueprint, Flask, abort, render_template
from werkzeug.wrappers import Response

from cloudphone import grants, sessions, signin
from cloudphone.texts import language

ROLE_NAMES = {  # message ids, see texts.py
    "administrator-kundenportal": "Customer portal administrator",
    "administrator-telefonanlage": "Telephone system administrator",
}
blueprint = Blueprint("pages", __name__)


def init_app(app: Flask) -> None:
    """Mount the pages and tell all templates who is signed in."""
    app.register_blueprint(blueprint)
    app.context_processor(person)


def person() -> dict[str, object]:
    """Give all templates the signed-in person, or nobody."""
    session = sessions.current()
    if session is None:
        return {"person": None}
    claims = session.profile
    roles = claims.get("roles") if isinstance(claims.get("roles"), list) else []
    return {
        "person": {
            "name": claims.get("name") or claims.get("preferred_username") or "",
            "username": claims.get("preferred_username") or "",
            "role": next((ROLE_NAMES[role] for role in roles or [] if role in ROLE_NAMES), ""),
        }
    }


@blueprint.get("/")
def home() -> str:
    """List the contracts that this session opened, or say where to choose one."""
    session = sessions.current()
    opened = sessions.parts().store.list_grants(session.id_hash) if session else []
    return render_template("home.html", opened=opened)


@blueprint.get("/contracts/<contract>")
def telephone_system(contract: str) -> str | Response:
    """Show the telephone system of one granted contract; without a grant, ask the provider for it."""
    if signin.contract_of(f"{signin.CONTRACTS}{contract}") is None:
        abort(404)
    session = sessions.current()
    grant = grants.current(session, contract) if session else None
    if grant is None:
        return signin.start(contract)
    return render_template("telephone_system.html", grant=grant)


@blueprint.get("/documentation")
def documentation() -> str:
    """Show the handbook and the guides; they are no secret."""
    return render_template(f"documentation.{language()}.html")
