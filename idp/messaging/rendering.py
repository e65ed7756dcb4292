"""Turns a template into what is sent: subject, text and HTML of a mail, the text of an SMS; in the recipient's language, without a request.

A mail is written once. It is rendered with `mail/frame.html` and `mail/parts.html` for HTML, with their `.txt` brothers for
plain text, so that both say the same.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from idp import addresses
from idp.messaging.greeting import greeting
from idp.settings import Settings
from idp.texts import LOCALES, catalogue

TEMPLATES = Path(__file__).parents[2] / "templates"
Translate = Callable[..., str]

_BLANKS = re.compile(" {2,}")
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """A mail as people see it."""

    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)


def _environment(*, escape: bool) -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=escape,  # noqa: S701 - plain text has nothing to escape
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )


_HTML = _environment(escape=True)
_TEXT = _environment(escape=False)


def render_mail(settings: Settings, template: str, locale: str, values: Mapping[str, Any]) -> RenderedMail:
    """Render a mail; `values` holds the plain and the opened secret ones."""
    language = locale if locale in LOCALES else settings.default_locale
    shown = {
        **_in_every_mail(settings, language),
        **values,
        "greeting": greeting(values["salutation"], values["given_name"], values["family_name"]).render(language),
    }
    text = _TEXT.get_template(f"{template}.jinja")
    plain = {**shown, "frame": "mail/frame.txt", "parts": "mail/parts.txt", "_": _plain(language)}
    subject = "".join(text.blocks["subject"](text.new_context(plain)))
    page = {**shown, "frame": "mail/frame.html", "parts": "mail/parts.html", "_": _escaped(language)}
    return RenderedMail(
        subject=one_line(subject),
        text=_BLANK_LINES.sub("\n\n", text.render(plain)).strip() + "\n",
        html=_HTML.get_template(f"{template}.jinja").render(page),
    )


def render_sms(settings: Settings, template: str, locale: str, values: Mapping[str, Any]) -> str:
    """Render an SMS; the last line binds its code to our host (WebOTP)."""
    language = locale if locale in LOCALES else settings.default_locale
    host = urlsplit(settings.issuer_address).hostname or ""
    known = {"product": settings.portal_product, "minutes": settings.pin_minutes, "host": host, "_": _plain(language)}
    return _TEXT.get_template(f"{template}.txt").render({**known, **values}).strip()


def one_line(text: str) -> str:
    """Put a text on one line without double spaces; a header can then hold it."""
    return " ".join(text.split())


def _in_every_mail(settings: Settings, language: str) -> dict[str, Any]:
    return {
        "locale": language,
        "brand": settings.brand_name,
        "product": settings.portal_product,
        "color": settings.brand_color,
        "signature": settings.brand_signature.strip().splitlines(),
        "service_phone": settings.brand_service_phone,
        "service_email": settings.brand_service_email,
        "reset_minutes": settings.password_reset_minutes,
        "invitation_days": settings.invitation_days,
        "portal": addresses.portal(settings),
        "login": addresses.login(settings),
        "requests": addresses.access_requests(settings),
    }


def _plain(language: str) -> Translate:
    def translate(message: str, /, **values: Any) -> str:
        translated = str(catalogue(language).gettext(message))
        return _BLANKS.sub(" ", translated % values if values else translated)

    return translate


def _escaped(language: str) -> Translate:
    """Translate for HTML: our texts are trusted, the values in them are not."""

    def translate(message: str, /, **values: Any) -> str:
        translated = Markup(catalogue(language).gettext(message))  # noqa: S704
        return Markup(_BLANKS.sub(" ", translated % values if values else translated))  # noqa: S704 - the values are escaped by then

    return translate
