"""Operators register, change and delete resources (RFC 8707); what apps use stays."""

import re
from html import unescape

import pytest
from sqlalchemy import select

from idp.audit.tables import AuditEvent
from idp.oidc.clients import clients, resources
from idp.oidc.clients.resources import Resource
from idp.unit_of_work import Units
from tests.http.oidc.relying import RelyingParty
from tests.http.staff.operating import said
from tests.visitor import Visitor

LIST, NEW = "/staff/resources", "/staff/resources-new"
IDENTIFIER = "https://phones.example/api"


@pytest.fixture
def phones(unit) -> Resource:
    """A resource."""
    with unit() as work:
        return resources.create(work, IDENTIFIER, name="Telefone", scopes=["calls:read", "calls:write"])


def page_of(resource: Resource, what: str = "") -> str:
    return f"{LIST}/{resource.id}{what}"


def all_of(units: Units) -> list[Resource]:
    with units.read() as work:
        return resources.list_all(work)


def noted(units: Units, event: str) -> list[dict]:
    with units.read() as work:
        return list(work.db.scalars(select(AuditEvent.detail).where(AuditEvent.event == event)))


def fill_in(staff: Visitor, **changes: str):
    staff.open(NEW)
    return staff.send("identifier", **({"name": "Telefone", "identifier": IDENTIFIER, "scopes": "calls:read\ncalls:write"} | changes))


def test_a_resource_is_registered_and_shown(staff: Visitor, registered, units: Units) -> None:
    registered("gateway", redirect_uris=[], grant_types=["client_credentials"], scope="")
    page = fill_in(staff, introspection_client_id="gateway")
    assert staff.heading == "Telefone"
    assert "Telefone ist registriert." in page.text
    (made,) = all_of(units)
    assert (made.identifier, made.scopes, made.introspection_client_id) == (IDENTIFIER, ("calls:read", "calls:write"), "gateway")
    assert noted(units, "resource.created") == [{"identifier": IDENTIFIER}]
    text = said(staff.open(LIST).text)
    assert all(words in text for words in ("Telefone", IDENTIFIER, "calls:read", "gateway"))


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("identifier", "", "Bitte ausfüllen"),
        ("identifier", "phones.example", "vollständige Adresse"),
        ("identifier", f"{IDENTIFIER}#x", "vollständige Adresse"),
        ("identifier", "https://" + "x" * 495, "höchstens 500 Zeichen"),
        ("identifier", "http://localhost", "gibt es bereits"),
        ("name", "", "Bitte ausfüllen"),
        ("name", "x" * 201, "höchstens 200 Zeichen"),
        ("name", "Telefone\u202egro", "lesbaren Namen"),
        ("scopes", "openid", "Der Scope openid ist vergeben"),
        ("scopes", "provisioning", "Der Scope provisioning ist vergeben"),
        ("scopes", "a b", "Der Scope a b ist vergeben"),
        ("scopes", "x" * 65, "enthält unzulässige Zeichen"),
        ("scopes", "\n".join(f"s{number}" for number in range(101)), "Bitte höchstens 100 Scopes."),
        ("introspection_client_id", "nobody", "Es gibt keine App mit dieser Client-ID."),
        ("introspection_client_id", "phone", "weder ein Secret noch einen Schlüssel"),
    ],
)
def test_what_cannot_be_is_told_at_its_field(staff: Visitor, registered, units: Units, field: str, value: str, words: str) -> None:
    registered("phone", token_endpoint_auth_method="none")
    page = fill_in(staff, **{field: value})
    assert page.status_code == 422
    assert re.search(f'id="{field}-error".*' + re.escape(words), unescape(page.text)), said(page.text)
    assert all_of(units) == []


def test_the_format_of_its_tokens_is_chosen_shown_and_changed(staff: Visitor, registered, units: Units) -> None:
    registered("gateway", redirect_uris=[], grant_types=["client_credentials"], scope="")
    fill_in(staff, introspection_client_id="gateway")
    assert "Signiert (JWT): Der Dienst liest und prüft sie selbst" in staff.page.text
    (made,) = all_of(units)
    staff.open(page_of(made, "/edit"))
    staff.send("seen", token_format="opaque")
    assert "Opak: Nur wer bei uns nachfragt, erfährt, was sie bedeuten" in staff.page.text
    assert all_of(units)[0].token_format == "opaque"
    assert noted(units, "resource.changed") == [{"identifier": IDENTIFIER, "members": ["token_format"]}]
    staff.open(page_of(made, "/edit"))
    staff.send("seen", name="Neuer Name")
    assert (all_of(units)[0].name, all_of(units)[0].token_format) == ("Neuer Name", "opaque")


def test_opaque_tokens_need_an_app_that_asks(staff: Visitor, units: Units) -> None:
    page = fill_in(staff, token_format="opaque")
    assert page.status_code == 422
    assert re.search('id="introspection_client_id-error".*Bitte nennen Sie die App, die fragt.', page.text)
    assert all_of(units) == []


@pytest.mark.parametrize("token_format", ["", "saml", "JWT", "\x00", "x" * 10_000])
def test_an_unknown_format_changes_nothing(staff: Visitor, phones, units: Units, token_format: str) -> None:
    staff.open(page_of(phones, "/edit"))
    fields = staff.form("seen").fields
    answer = staff.post(page_of(phones, "/edit"), **(fields | {"token_format": token_format}))
    assert answer.status_code == 422
    assert re.search('id="token_format-error"', answer.text)
    assert all_of(units) == [phones]


def test_a_form_without_the_format_does_not_make_tokens_readable(staff: Visitor, registered, phones, unit, units: Units) -> None:
    registered("gateway", redirect_uris=[], grant_types=["client_credentials"], scope="")
    with unit() as work:
        opaque = {"token_format": "opaque", "introspection_client_id": "gateway"}
        resources.change(work, IDENTIFIER, name=phones.name, scopes=phones.scopes, **opaque)
    staff.open(page_of(phones, "/edit"))
    fields = {name: value for name, value in staff.form("seen").fields.items() if name != "token_format"}
    staff.post(page_of(phones, "/edit"), **fields)
    assert all_of(units)[0].token_format == "opaque"


def test_a_resource_of_the_same_identifier_is_refused(staff: Visitor, phones, units: Units) -> None:
    page = fill_in(staff, name="Andere")
    assert re.search('id="identifier-error".*gibt es bereits', page.text)
    assert all_of(units) == [phones]


def test_the_form_changes_what_it_says(staff: Visitor, registered, phones, units: Units) -> None:
    registered("gateway", redirect_uris=[], grant_types=["client_credentials"], scope="")
    staff.open(page_of(phones, "/edit"))
    staff.send("seen", name="Neue Telefone", scopes="calls:read", introspection_client_id="gateway")
    assert staff.heading == "Neue Telefone"
    (changed,) = all_of(units)
    assert (changed.name, changed.scopes, changed.introspection_client_id) == ("Neue Telefone", ("calls:read",), "gateway")
    assert noted(units, "resource.changed") == [{"identifier": IDENTIFIER, "members": ["introspection_client_id", "name", "scopes"]}]


def test_who_saves_later_does_not_undo_what_somebody_saved_meanwhile(staff: Visitor, phones, unit, units: Units) -> None:
    staff.open(page_of(phones, "/edit"))
    with unit() as work:
        resources.change(work, IDENTIFIER, name="Schneller", scopes=phones.scopes, introspection_client_id=None)
    staff.send("seen", name="Zu spät")
    assert "Diese Ressource wurde inzwischen geändert." in staff.page.text
    assert all_of(units)[0].name == "Schneller"


def test_who_saves_later_does_not_undo_a_format_that_was_chosen_meanwhile(staff: Visitor, registered, phones, unit, units: Units) -> None:
    registered("gateway", redirect_uris=[], grant_types=["client_credentials"], scope="")
    with unit() as work:
        resources.change(work, IDENTIFIER, name=phones.name, scopes=phones.scopes, introspection_client_id="gateway")
    staff.open(page_of(phones, "/edit"))
    with unit() as work:
        opaque = {"token_format": "opaque", "introspection_client_id": "gateway"}
        resources.change(work, IDENTIFIER, name=phones.name, scopes=phones.scopes, **opaque)
    staff.send("seen", name="Zu spät")
    assert "Diese Ressource wurde inzwischen geändert." in staff.page.text
    assert all_of(units)[0].token_format == "opaque"


@pytest.mark.parametrize("seen", ["", "nonsense", "x" * 100_000])
def test_a_form_that_has_seen_nothing_changes_nothing(staff: Visitor, phones, units: Units, seen: str) -> None:
    staff.open(page_of(phones, "/edit"))
    staff.send("seen", name="Anders", seen=seen)
    assert all_of(units) == [phones]


def test_a_scope_that_an_app_has_stays(staff: Visitor, phones, registered, units: Units) -> None:
    registered(client_name="Kalender", scope="openid calls:write")
    staff.open(page_of(phones, "/edit"))
    page = staff.send("seen", scopes="calls:read")
    assert re.search('id="scopes-error".*Diese Apps verwenden sie noch: Kalender.', page.text)
    assert all_of(units) == [phones]
    staff.open(page_of(phones, "/edit"))
    staff.send("seen", scopes="calls:write")
    assert all_of(units)[0].scopes == ("calls:write",)


def test_a_scope_that_another_resource_defines_too_may_go(staff: Visitor, phones, registered, unit, units: Units) -> None:
    with unit() as work:
        resources.create(work, "https://other.example", scopes=["calls:write"])
    registered(scope="openid calls:write")
    staff.open(page_of(phones, "/edit"))
    staff.send("seen", scopes="calls:read")
    assert all_of(units)[1].scopes == ("calls:read",)


def test_deleting_asks_first_and_names_it(staff: Visitor, phones, units: Units) -> None:
    staff.open(page_of(phones, "/delete"))
    assert staff.heading == f"Telefone ({IDENTIFIER}) löschen?"
    assert all_of(units) == [phones]
    staff.send("/delete")
    assert "Telefone ist gelöscht." in staff.page.text
    assert all_of(units) == []
    assert noted(units, "resource.deleted") == [{"identifier": IDENTIFIER}]


@pytest.mark.parametrize("uses", [{"resources": [IDENTIFIER]}, {"scope": "openid calls:read"}], ids=["names it", "has its scope"])
def test_what_an_app_uses_is_not_deleted_and_the_app_is_named(staff: Visitor, phones, registered, units: Units, uses: dict) -> None:
    staff.open(page_of(phones, "/delete"))
    form = staff.form("/delete").fields
    registered(client_name="Kalender", **uses)
    answer = staff.post(page_of(phones, "/delete"), **form)
    assert answer.status_code == 409
    assert 'href="/staff/clients/app">Kalender</a>' in answer.text
    assert all_of(units) == [phones]
    staff.open(page_of(phones, "/delete"))
    assert staff.heading == "Telefone wird verwendet"


def test_an_app_that_only_sounds_like_a_user_is_none(staff: Visitor, phones, registered) -> None:
    registered(client_name="calls:read", client_uri=f"{IDENTIFIER}/about", scope="openid")
    assert "Keine. Eine App verwendet die Ressource" in staff.open(page_of(phones)).text


def test_an_unknown_resource_is_not_found(staff: Visitor, registered) -> None:
    registered()
    for resource_id in ("nobody", "%00", "%ED%A0%80", "x" * 3000, "app"):
        for what in ("", "/edit", "/delete"):
            assert staff.open(f"{LIST}/{resource_id}{what}").status_code == 404


@pytest.mark.parametrize(
    ("what", "value", "words"),
    [
        ("resource-identifier", IDENTIFIER, "gibt es bereits"),
        ("resource-identifier", "phones", "vollständige Adresse"),
        ("resource-identifier", "https://other.example/", None),
        ("resource-scope", "email", "ist vergeben"),
        ("resource-scope", "mail:read", None),
        ("resource-client", "nobody", "keine App"),
        ("resource-client", "\ud800", "keine App"),
        ("resource-client", "app", None),
        ("client-resource", "https://nobody.example", "Die Ressource https://nobody.example gibt es nicht."),
        ("client-resource", IDENTIFIER, None),
    ],
)
def test_entries_are_judged_while_typed(staff: Visitor, registered, phones, what: str, value: str, words: str | None) -> None:
    registered()
    sent = value.encode("utf-8", "surrogatepass")
    problem = staff.client.get(f"/staff/{what}", query_string={"value": sent}, headers={"Accept-Language": "de"}).json["problem"]
    assert problem is None if words is None else words in problem


def test_names_are_shown_as_text(staff: Visitor, unit) -> None:
    with unit() as work:
        made = resources.create(work, IDENTIFIER, name="<script>alert(1)</script>")
    for page in (LIST, page_of(made), page_of(made, "/edit"), page_of(made, "/delete")):
        assert "<script>alert" not in staff.open(page).text


def test_whoever_gets_the_id_of_a_deleted_app_does_not_ask_in_its_place(staff: Visitor, registered, unit, units: Units, app) -> None:
    registered("gateway", redirect_uris=[], grant_types=["client_credentials"], scope="")
    with unit() as work:
        resources.create(work, IDENTIFIER, introspection_client_id="gateway")
        clients.delete(work, "gateway")
    registered("gateway", redirect_uris=[], grant_types=["client_credentials"], scope="")
    registered("machine", redirect_uris=[], grant_types=["client_credentials"], scope="", resources=[IDENTIFIER])
    assert all_of(units)[0].introspection_client_id is None
    token = RelyingParty(app, "machine").post("/token", {"grant_type": "client_credentials"}).json["access_token"]
    assert RelyingParty(app, "gateway").post("/introspect", {"token": token}).json == {"active": False}
