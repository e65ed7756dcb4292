"""What an administrator does in the console, and what its pages say."""

import re
from html.parser import HTMLParser

from werkzeug.test import TestResponse

from tests import builders
from tests.visitor import Visitor

HOME = "/console/"


class _Table(HTMLParser):
    """Reads the rows of a page's table by the labels of their cells."""

    def __init__(self) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.rows: list[dict[str, str]] = []
        self.label: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("th", "tbody"):
            self.headings.append("")
        elif tag == "tr":
            self.rows.append({})
            self.label = None
        elif tag == "td":
            self.label = given["data-label"] or ""
            self.rows[-1][self.label] = ""
        elif tag == "details":
            self.label = None

    def handle_data(self, data: str) -> None:
        if self.label is not None:
            self.rows[-1][self.label] += data
        elif self.headings:
            self.headings[-1] += data


class Administrator:
    """A person in the console; `page` is what the browser shows."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor

    @property
    def page(self) -> TestResponse:
        return self.visitor.page

    @property
    def heading(self) -> str:
        return self.visitor.heading

    @property
    def address(self) -> str:
        return self.visitor.address

    @property
    def flashes(self) -> list[str]:
        """The messages above the page's content."""
        return re.findall(r'<div class="notice \w+" role="status">.*?<p>(.*?)</p>', self.page.text, re.DOTALL)

    @property
    def problems(self) -> dict[str, str]:
        """What the summary of errors says, by field; what belongs to no field under the empty name."""
        summary = self.page.text.partition('id="error-summary"')[2].partition("</ul>")[0]
        listed = re.findall(r"<li>(?:<a href=\"#(\w+)\">)?(.*?)(?:</a>)?</li>", summary)
        return dict(reversed(listed))

    @property
    def rows(self) -> list[dict[str, str]]:
        """The rows of the page's table."""
        return [{k: " ".join(v.split()) for k, v in row.items()} for row in self._table().rows if row]

    @property
    def headings(self) -> list[str]:
        """The headings of the page's table."""
        return [" ".join(heading.split()) for heading in self._table().headings][:-1]

    def row(self, username: str) -> dict[str, str]:
        """The row of a user name in the list, which is opened for it."""
        self.open(HOME + "?search=" + username)
        [found] = [row for row in self.rows if row["Nutzerkennung"] == username]
        return found

    def open(self, address: str) -> TestResponse:
        return self.visitor.open(address)

    def submit(self, address: str, **fields: str | list[str]) -> TestResponse:
        """Open a form and send it with these fields, without following; `fields` may repeat by lists."""
        self.open(address)
        return self.post(address, **fields)

    def post(self, address: str, **fields: str | list[str]) -> TestResponse:
        """Send fields with the browser's token, without following; an error's page is shown."""
        self.visitor.page = self.visitor.post(address, **({"csrf_token": self.token} | fields))
        return self.visitor.page

    def follow(self) -> TestResponse:
        """Go where the last answer leads."""
        assert self.page.status_code == 303, self.page.text[:2000]
        return self.open(self.page.location)

    @property
    def token(self) -> str:
        """The token that forms of this browser carry."""
        if not hasattr(self, "_token"):
            page = self.visitor._ask("GET", HOME).text
            self._token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        return self._token

    def _table(self) -> _Table:
        reader = _Table()
        reader.feed(self.page.text.partition("<table")[2].partition("</table>")[0])
        return reader


def new_person(**changes: str | list[str]) -> dict[str, str | list[str]]:
    """What somebody fills into »Benutzerkonto erstellen« for a phone administrator."""
    known = {
        "type": "administrator-telefonanlage",
        "role": "administrator-telefonanlage",
        "username": "Admin.Telefonanlage1",
        "salutation": "",
        "given_name": "Tanja",
        "family_name": "Testerin",
        "email": "tanja.testerin@example.com",
        "phone": "",
        "mobile": "",
        "locale": "de",
        "all_contracts": "y",
        "sending": "now",
        "send_at": "",
    }
    return known | changes


def changed_person(**changes: str | list[str]) -> dict[str, str | list[str]]:
    """What the form of an account of `builders.invited_account` holds, with changes."""
    known = new_person(**changes)
    return {name: value for name, value in known.items() if name not in ("type", "username", "sending", "send_at")}


MOBILE = builders.MOBILE
