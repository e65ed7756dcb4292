"""Words: message ids are the English text, German is the default language."""

from __future__ import annotations

from flask import Blueprint, Flask, g, redirect, request, session
from werkzeug.wrappers import Response

from cloudphone import sessions
from cloudphone.german import GERMAN
from cloudphone.security import is_own_path

LANGUAGES = ("de", "en")
blueprint = Blueprint("texts", __name__)


def init_app(app: Flask) -> None:
    """Mount the language switch and give the templates their words."""
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(_=translate, language=language)


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
