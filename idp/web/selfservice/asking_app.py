"""The app that sent somebody here to ask for an account (`prompt=create`), and the way back to it."""

from dataclasses import dataclass

from flask import request, url_for

from idp.oidc.authorization import opening
from idp.oidc.authorization.request import StartAgain
from idp.pages import cookies
from idp.unit_of_work import read_work


@dataclass(frozen=True, slots=True)
class AskingApp:
    """The app's name, its request, and the address that answers it with »not now«."""

    name: str
    authorization: str
    back: str


def asking_app() -> AskingApp | None:
    """Give the app whose request this browser came with, while that is open."""
    request_id = request.args.get("authorization", "")
    browser = cookies.bound_browser()
    if not request_id or browser is None:
        return None
    try:
        with read_work() as work:
            opened = opening.find(work, request_id, browser.hash)
            client = opening.client_of(work, opened)
    except StartAgain:
        return None
    return AskingApp(client.name, request_id, url_for("authorization.cancel", request_id=request_id))
