"""The reader's language: chosen by `?lang=`, else wished by the app that asks (`ui_locales`), else the browser's, else the setting's.

The choice is kept in `idp_state`. The switch is a plain link to the same page, so it needs no script and no target from outside.
Pages, forms and `Text` values share the one merged catalogue of `idp.texts`.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from babel.support import NullTranslations
from flask import Flask, g, request, session
from flask_babel import Babel, get_locale
from flask_babel import refresh as forget_locale

from idp.pages.machines import asks_machine
from idp.settings import Settings
from idp.texts import LOCALES, Text, catalogue
from idp.unit_of_work import current_units

_NAMES = {"de": "Deutsch", "en": "English"}


@dataclass(frozen=True, slots=True)
class Language:
    """One entry of the language switch; no `address` for the language that is shown."""

    code: str
    name: str
    address: str | None


class OneCatalogue:
    """Flask-Babel's domain, holding every area's texts at once."""

    def get_translations(self) -> NullTranslations:
        """Give the catalogue of the reader's language."""
        return catalogue(locale())


def init_app(app: Flask, settings: Settings) -> None:
    """Let Flask-Babel and the templates speak the reader's language."""
    app.config.update(BABEL_DEFAULT_LOCALE=settings.default_locale, BABEL_DEFAULT_TIMEZONE=settings.timezone)
    babel = Babel()
    babel.init_app(app, locale_selector=_choose)
    babel.domain_instance = OneCatalogue()
    app.before_request(_keep_choice)
    app.jinja_env.finalize = _shown
    app.jinja_env.globals.update(locale=locale, languages=languages)


def locale() -> str:
    """Tell the reader's language, `de` or `en`."""
    chosen = get_locale()
    return chosen.language if chosen else current_units().settings.default_locale


def translated(text: Text) -> str:
    """Put a text into the reader's language."""
    return text.render(locale())


def prefer_languages(ui_locales: str | None) -> None:
    """Note the languages that the running sign-in's app wishes (Core §3.1.2.1, best first); the person's own choice stands above."""
    g.ui_locales = ui_locales or ""
    forget_locale()


def languages() -> list[Language]:
    """List the language switch of this page; none on a page that only a form reaches, for a link would lose it."""
    rule = request.url_rule
    if rule is not None and "GET" not in (rule.methods or ()):
        return []
    shown = locale()
    return [Language(code, _NAMES[code], None if code == shown else _same_page(code)) for code in LOCALES]


def _choose() -> str:
    settings = current_units().settings
    if asks_machine():
        return settings.default_locale
    chosen = session.get("lang")
    if chosen in LOCALES:
        return str(chosen)
    wished = [*g.get("ui_locales", "").split(), *request.accept_languages.values()]
    spoken = (tag.split("-")[0].lower() for tag in wished)
    return next((tag for tag in spoken if tag in LOCALES), settings.default_locale)


def _keep_choice() -> None:
    chosen = request.args.get("lang")
    if chosen in LOCALES and not asks_machine() and session.get("lang") != chosen:
        session["lang"] = chosen


def _same_page(code: str) -> str:
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return "?" + urlencode([*kept, ("lang", code)])


def _shown(value: object) -> object:
    """Render a `Text` wherever a template prints one."""
    return value.render(locale()) if isinstance(value, Text) else value
