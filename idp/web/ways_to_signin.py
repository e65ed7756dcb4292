"""Addresses where a person signs in, for links: back to the sign-in that they came from, else to a new one."""

import re

from flask import request, url_for

from idp.unit_of_work import current_units

_SIGNIN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def login_address() -> str:
    """Give the address where a person signs in: the portal, which leads to the sign-in, or the sign-in itself."""
    return current_units().settings.portal_url or url_for("entry.begin")


def asked_from() -> str | None:
    """Give the id of the sign-in (`?signin=`) that a page was opened from; its page tells whether it is still open."""
    signin_id = request.args.get("signin", "")
    return signin_id if _SIGNIN_ID.fullmatch(signin_id) else None


def back_to_signin() -> str:
    """Give the page of the sign-in that a page was opened from, or where a new one begins."""
    signin_id = asked_from()
    return url_for("signin.page", signin_id=signin_id) if signin_id else login_address()
