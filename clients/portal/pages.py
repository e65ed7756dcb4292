"""The pages behind the sign-in."""

from __future__ import annotations

from flask import Blueprint, Flask, abort, render_template, request
from werkzeug.wrappers import Response

from portal import demo_data, sessions, signin
from portal.contracts import all_contracts, cloud_phone_address, cloud_phone_contracts
from portal.texts import language
from portal.tiles import PORTAL_ADMIN, ROLE_NAMES, may_open, tiles_for

blueprint = Blueprint("pages", __name__)
LISTS = {  # page: what it shows, and what it says when there is nothing to show (message ids)
    "orders": ("Your orders", "Orders, newest first.", "You have no orders at the moment."),
    "options": (
        "Options",
        "Options that you booked, and those that you can add. To book, please call or write to our service.",
        "There are no options for your contracts at the moment.",
    ),
    "tickets": (
        "Your support tickets",
        "Tickets that are in progress or were closed recently.",
        "You have no open or recently closed tickets.",
    ),
    "documents": (
        "Your contract documents",
        "Documents for your contracts.",
        "There are no contract documents yet.",
    ),
    "invoices": ("Your invoices", "Invoices of the last months.", "There are no invoices yet."),
}


def init_app(app: Flask) -> None:
    """Mount the pages and tell all templates who is signed in."""
    app.register_blueprint(blueprint)
    app.context_processor(person)


def roles() -> list[str]:
    """Give the role identifiers of the signed-in person."""
    session = sessions.current()
    held = session.profile.get("roles") if session else None
    return [str(role) for role in held] if isinstance(held, list) else []


def person() -> dict[str, object]:
    """Give all templates the signed-in person, or nobody."""
    session = sessions.current()
    if session is None:
        return {"person": None}
    claims = session.profile
    return {
        "person": {
            "name": claims.get("name") or claims.get("preferred_username") or "",
            "customer_number": claims.get("customer_number") or "",
            "role": next((ROLE_NAMES[role] for role in roles() if role in ROLE_NAMES), ""),
            "manages_accounts": PORTAL_ADMIN in roles(),
        }
    }


@blueprint.before_request
def require_signed_in() -> Response | None:
    """Every page here needs a session, its token fresh, and a role that may open it."""
    if sessions.current() is None:
        return signin.start(request.full_path.removesuffix("?"))
    sessions.keep_fresh()
    if not may_open(str(request.endpoint).removeprefix("pages."), roles()):
        abort(403)
    return None


@blueprint.get("/")
def home() -> str:
    """Greet the person and show the tiles."""
    has_cloud_phone = bool(cloud_phone_contracts(signin.settings()))
    return render_template("home.html", tiles=tiles_for(roles(), has_cloud_phone=has_cloud_phone))


def show_list() -> str:
    """Show the demo customer's orders, options, tickets, documents or invoices."""
    page = str(request.endpoint).removeprefix("pages.")
    session = sessions.current()
    title, intro, nothing = LISTS[page]
    entries = demo_data.entries(page, session.profile.get("customer_number") if session else None)
    return render_template("list.html", title=title, intro=intro, nothing=nothing, entries=entries)


for _page in LISTS:
    blueprint.add_url_rule(f"/{_page}", _page, show_list)


@blueprint.get("/contracts")
def contracts() -> str:
    """Show all contracts of the account."""
    return render_template("contracts.html", contracts=all_contracts(signin.settings()))


@blueprint.get("/cloud-phone")
def cloud_phone() -> str:
    """Let the person pick the contract whose cloud phone UI is to be opened (J5)."""
    settings = signin.settings()
    choices = [(contract, cloud_phone_address(settings, contract)) for contract in cloud_phone_contracts(settings)]
    return render_template("cloud_phone.html", choices=choices)


@blueprint.get("/documentation")
def documentation() -> str:
    """Show the handbook and the guides."""
    return render_template(f"documentation.{language()}.html")
