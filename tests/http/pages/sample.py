"""Pages as a feature would write them, to try what all pages share."""

from datetime import UTC, datetime
from pathlib import Path

from flask import Blueprint, Response, abort, redirect, request

from idp.directory.accounts import Status
from idp.errors import InvalidField, NotFound, TooMany, TryAgain
from idp.pages import cookies, headers, language
from idp.pages.forms import (
    CheckField,
    ChoiceField,
    CurrentPasswordField,
    EmailField,
    Form,
    LineField,
    MomentField,
    NewPasswordField,
    ParagraphField,
    PhoneField,
    PinField,
    RadioChoiceField,
    UsernameField,
)
from idp.pages.machines import exempt_machine
from idp.pages.render import Frame, NavEntry, render, tell
from idp.texts import text

TEMPLATES = str(Path(__file__).parent / "templates")


class SampleForm(Form):
    """One field of each kind."""

    username = UsernameField(text("Active"), hint=text("Locked"))
    password = CurrentPasswordField(text("Locked"))
    new_password = NewPasswordField(text("Locked"))
    pin = PinField(text("Actions"))
    email = EmailField(text("Pages"), required=False)
    mobile = PhoneField(text("Pages"), required=False)
    line = LineField(text("Deactivated"))
    at = MomentField(text("Pages"), required=False)
    role = ChoiceField(text("Pages"), choices=[("one", text("Active")), ("two", "Zwei")])
    kind = RadioChoiceField(text("Pages"), choices=[("one", text("Locked")), ("two", "Zwei")], default="one")
    note = ParagraphField(text("Pages"), required=False)
    sure = CheckField(text("Pages"), hint=text("Active"))


def sample_blueprint() -> Blueprint:
    """Make a fresh blueprint; one that is registered already takes no more."""
    blueprint = Blueprint("sample", __name__, template_folder=TEMPLATES, url_prefix="/sample")

    @blueprint.route("/form", methods=["GET", "POST"])
    def form() -> Response:
        filled = SampleForm()
        if filled.validate_on_submit():
            return Response(repr({field.name: field.data for field in filled if field.name != "csrf_token"}), mimetype="text/plain")
        return render("sample/card.html", form=filled, heading="Formular")

    @blueprint.post("/told")
    def told() -> object:
        tell(text("Copied"))
        return redirect("/sample/console")

    @blueprint.get("/console")
    def console() -> Response:
        frame = Frame("Max Muster", text("Locked"), "Muster GmbH", "2300229", (NavEntry(text("Pages"), "#", current=True),), "/out", "/me")
        return render("sample/console.html", frame=frame, statuses=list(Status), when=datetime(2026, 11, 24, 9, 14, tzinfo=UTC))

    @blueprint.get("/app")
    def app_asks() -> Response:
        headers.allow_form_redirect(request.args["redirect_uri"])
        headers.allow_frame("https://app.example/frame?x=1")
        language.prefer_languages(request.args.get("ui_locales"))
        return render("sample/card.html", form=SampleForm(), heading="App")

    @blueprint.get("/secret/<token>")
    def secret(token: str) -> Response:
        headers.hide_address()
        return render("sample/card.html", form=SampleForm(), heading=token)

    add_cookie_pages(blueprint)
    return blueprint


def add_cookie_pages(blueprint: Blueprint) -> None:
    """Add the pages that only try cookies and failures."""

    @blueprint.route("/browser", methods=["GET", "POST"])
    def browser() -> Response:
        found = cookies.bind_browser() if request.method == "GET" else cookies.bound_browser()
        return Response(f"{found.hash} {found.known}" if found else "none", mimetype="text/plain")

    @blueprint.post("/browser/wrong")
    def bind_in_post() -> str:
        return cookies.bind_browser().hash

    @blueprint.get("/session/<action>")
    def session(action: str) -> Response:
        response = Response(cookies.session_token() or "none")
        cookies.set_session(response, "the-token") if action == "set" else cookies.clear_session(response)
        return response

    @blueprint.get("/fails/<how>")
    def fails(how: str) -> None:
        raise FAILURES[how]

    @blueprint.get("/aborts/<int:status>")
    def aborts(status: int) -> None:
        abort(status)


FAILURES: dict[str, Exception] = {
    "unknown": RuntimeError("the secret is 2623565"),
    "missing": NotFound("row 7"),
    "often": TooMany(retry_after=90),
    "busy": TryAgain("database: locked"),
    "field": InvalidField("name", text("Locked")),
}


def machine_blueprint() -> Blueprint:
    """Make an endpoint that only machines call."""
    blueprint = Blueprint("sample_machine", __name__, url_prefix="/machine")
    exempt_machine(blueprint)

    @blueprint.route("/works", methods=["GET", "POST"])
    def works() -> dict[str, str]:
        return {"works": "yes"}

    @blueprint.get("/fails/<how>")
    def fails(how: str) -> None:
        raise FAILURES[how]

    return blueprint
