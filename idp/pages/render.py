"""What a view calls to answer with a page, to leave a message for the next one, and what all templates know."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, Response, flash, make_response, render_template
from markupsafe import Markup

from idp.pages import formats
from idp.pages.forms import Form
from idp.pages.icons import icon
from idp.pages.language import locale, translated
from idp.settings import Settings
from idp.texts import Text
from idp.unit_of_work import current_units


@dataclass(frozen=True, slots=True)
class NavEntry:
    """One entry of the console's navigation."""

    label: Text
    address: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class SessionEnds:
    """When the session ends, in seconds from now: without activity, and whatever happens; `address` tells it anew and extends it."""

    address: str
    idle_in: int
    ends_in: int


@dataclass(frozen=True, slots=True)
class Frame:
    """What the console's page frame shows: which area, who is signed in, for which customer, where one can go, until when."""

    person: str
    role: Text
    customer_name: str = ""
    customer_number: str = ""
    entries: tuple[NavEntry, ...] = ()
    logout_address: str = ""
    account_address: str = ""
    home_address: str = ""
    area: Text | None = None
    session_ends: SessionEnds | None = None


def init_app(app: Flask, settings: Settings) -> None:
    """Give every template, and the macros it imports, the brand and the ways to write times and numbers."""
    app.jinja_env.globals.update(
        icon=icon,
        settings=settings,
        product=settings.portal_product,
        time_text=_time_text,
        date_text=_date_text,
        phone_text=formats.phone_text,
        masked_phone=_masked_phone,
    )


def render(template: str, *, status: int | None = None, form: Form | None = None, **values: Any) -> Response:
    """Answer with a page; one that shows a form with problems has status 422 unless told otherwise."""
    if status is None:
        status = 422 if form is not None and form.problems else 200
    return make_response(render_template(template, form=form, **values), status)


def tell(message: Text, tone: str = "good") -> None:
    """Leave a message for the page that follows; `tone` is good, info, warn or bad."""
    flash(translated(message), tone)


def _masked_phone(number: str) -> Markup:
    return Markup('<span class="nowrap">{}</span>').format(formats.masked_phone(number))


def _time_text(when: datetime) -> str:
    return formats.time_text(when, locale(), current_units().settings.timezone)


def _date_text(when: datetime) -> str:
    return formats.date_text(when, locale(), current_units().settings.timezone)
