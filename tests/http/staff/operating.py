"""What operators do in staff's pages, and what these say."""

import re
from html import unescape
from typing import Any

from werkzeug.test import TestResponse

from idp.oidc.clients import clients
from idp.oidc.clients.clients import ClientRecord
from idp.unit_of_work import Units
from tests.http.staff.conftest import CLIENTS, NEW, new_app
from tests.visitor import Visitor

APP = f"{CLIENTS}/app"


def create(staff: Visitor, **changes: str) -> TestResponse:
    """Fill in the form for a new app and send it."""
    staff.open(NEW)
    return staff.send("client_name", **new_app(**changes))


def record(units: Units, client_id: str = "kalender") -> ClientRecord:
    """Read an app as it is."""
    with units.read() as work:
        return clients.record(work, client_id)


def known_ids(units: Units) -> list[str]:
    """List the ids of all apps."""
    with units.read() as work:
        return [one.client.id for one in clients.list_all(work)]


def said(page: str) -> str:
    """Give the words of a page."""
    return unescape(re.sub(r"<[^>]+>", " ", page))


def shown_values(page: str) -> list[str]:
    """What the page shows to be copied."""
    return re.findall(r'<span class="copyable"><code>([^<]*)</code>', page)


def fields_of(staff: Visitor, having: str) -> dict[str, Any]:
    """What the form of the page with a field would send."""
    return staff.form(having).fields


def confirmed(staff: Visitor, address: str) -> TestResponse:
    """Answer the question of a page with yes."""
    staff.open(address)
    assert staff.page.status_code == 200, staff.page.text[:500]
    path = address.partition("?")[0]
    staff.page = staff.post(address, **staff.form(path.rpartition("/")[2]).fields)
    return staff.page
