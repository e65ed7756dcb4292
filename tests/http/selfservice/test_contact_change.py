"""The link that confirms a new mail address."""

from idp.directory import accounts, contact_changes
from idp.directory.contact_changes import ContactKind
from tests.visitor import Visitor, mails_of

NEW = "max.neu@example.com"


def link_of(visitor: Visitor, admin) -> str:
    with visitor.units.write() as work:
        contact_changes.start(work, admin, ContactKind.EMAIL, NEW)
    return mails_of(visitor.app, NEW)[-1].link.removeprefix("http://localhost")


def address_of(visitor: Visitor, admin) -> str:
    with visitor.units.read() as work:
        return accounts.find(work, admin.id).email


def test_the_new_address_counts_once_its_owner_confirms_it(visitor, admin):
    visitor.open(link_of(visitor, admin))
    assert NEW in visitor.page.text
    assert address_of(visitor, admin) == admin.email
    visitor.send("csrf_token")
    assert visitor.heading == "Ihre neue E-Mail-Adresse gilt"
    assert address_of(visitor, admin) == NEW


def test_a_used_link_lands_on_a_page_that_helps(visitor, admin):
    address = link_of(visitor, admin)
    visitor.open(address)
    visitor.send("csrf_token")
    visitor.open(address)
    assert (visitor.page.status_code, visitor.heading) == (410, "Dieser Link gilt nicht mehr")


def test_an_expired_link_lands_on_a_page_that_helps(visitor, admin, clock):
    address = link_of(visitor, admin)
    clock.advance(days=14)
    visitor.open(address)
    assert visitor.page.status_code == 410
