"""Words: message ids are the English text, German is the default language; and how dates and amounts are written."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from flask import Blueprint, Flask, g, redirect, request, session
from werkzeug.wrappers import Response

from portal import sessions
from portal.german import GERMAN
from portal.security import is_own_path

LANGUAGES = ("de", "en")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
blueprint = Blueprint("texts", __name__)


def init_app(app: Flask) -> None:
    """Mount the language switch and give the templates their words."""
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(_=translate, language=language, day=day, amount=amount)


@blueprint.get("/language/<code>")
def choose_language(code: str) -> Response:
    """Remember the language for this browser and go back to the page (a path of our own, by its name only)."""
    if code in LANGUAGES:
        session["language"] = code
    back = request.args.get("back", "/")
    return redirect(back if is_own_path(back) else "/", 303)


def chosen_language() -> str | None:
    """Give the language that was chosen in this browser, if any was."""
    code: str | None = session.get("language")
    return code


def language() -> str:
    """Give the chosen language, else the account's, else the browser's, else German."""
    if "language" not in g:
        signed_in = sessions.current()
        wished = chosen_language() or (signed_in and str(signed_in.profile.get("locale", ""))[:2].lower())
        g.language = wished if wished in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or "de"
    code: str = g.language
    return code


def translate(message: str, **values: object) -> str:
    """Give the message in the reader's language, with its {values}; an empty value leaves no double space."""
    words = GERMAN.get(message, message) if language() == "de" else message
    return " ".join(words.format(**values).split()) if values else words


def day(value: date) -> str:
    """Write a day: »24.11.2026«, »24 Nov 2026«."""
    if language() == "de":
        return f"{value:%d.%m.%Y}"
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def amount(value: Decimal) -> str:
    """Euros: »1.234,50 €«, »€1,234.50«."""
    english = f"{value:,.2f}"
    if language() == "en":
        return f"€{english}"
    return english.translate(str.maketrans(",.", ".,")) + "\N{NO-BREAK SPACE}€"
