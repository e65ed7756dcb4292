"""Operators register apps, change them, renew their secrets, switch them off and delete them."""

import json
import re
from html import unescape

import pytest
from sqlalchemy import select

from idp.audit.tables import AuditEvent
from idp.oidc.clients import clients, resources
from idp.oidc.clients.clients import ClientRecord
from idp.unit_of_work import Units
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser
from tests.http.oidc.relying import RelyingParty
from tests.http.staff.conftest import CALLBACK, CLIENTS, NEW, new_app
from tests.visitor import Visitor

APP = f"{CLIENTS}/app"
JWKS = {
    "keys": [
        {
            "kty": "EC", "crv": "P-256", "kid": "k", "alg": "ES256", "use": "sig",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        }
    ]
}  # fmt: skip


def create(staff: Visitor, **changes: str):
    staff.open(NEW)
    return staff.send("client_name", **new_app(**changes))


def record(units: Units, client_id: str = "kalender") -> ClientRecord:
    with units.read() as work:
        return clients.record(work, client_id)


def known_ids(units: Units) -> list[str]:
    with units.read() as work:
        return [one.client.id for one in clients.list_all(work)]


def said(page: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", page))


def shown_values(page: str) -> list[str]:
    """What the page shows to be copied."""
    return re.findall(r'<span class="copyable"><code>([^<]*)</code>', page)


# --- registering


def test_a_web_app_is_registered_with_a_secret_that_is_shown_once(staff: Visitor, units: Units, app) -> None:
    page = create(staff)
    assert page.status_code == 201
    client_id, secret, issuer = shown_values(page.text)
    assert (client_id, issuer) == ("kalender", "http://localhost")
    client = record(units).client
    assert (client.name, client.redirect_uris, client.scopes) == ("Kalender", (CALLBACK,), {"openid", "profile"})
    assert (client.origin.value, client.first_party, client.require_pkce) == ("console", False, True)
    assert page.headers["Cache-Control"] == "no-store"
    relying = RelyingParty(app, "kalender")
    relying.auth = ("kalender", secret)
    assert relying.post("/introspect", {"token": "x"}).status_code == 200
    assert secret not in staff.open(f"{CLIENTS}/kalender").text


def test_a_browser_app_is_public_and_may_call_from_its_origin(staff: Visitor, units: Units) -> None:
    page = create(staff, kind="public", redirect_uris="https://app.example/cb\nhttps://app.example/other")
    assert shown_values(page.text) == ["kalender", "http://localhost"]
    client = record(units).client
    assert (client.auth_method, client.application_type) == ("none", "web")
    assert client.metadata["allowed_origins"] == ["https://app.example"]


@pytest.mark.parametrize("uri", ["com.example.app:/callback", "http://127.0.0.1/callback", "http://[::1]:8000/cb"])
def test_an_app_with_addresses_of_its_own_machine_is_native(staff: Visitor, units: Units, uri: str) -> None:
    create(staff, kind="public", redirect_uris=uri)
    assert record(units).client.application_type == "native"


def test_a_machine_needs_no_address_and_gets_no_scopes_of_persons(staff: Visitor, units: Units) -> None:
    page = create(staff, kind="machine", redirect_uris="", scope="openid profile provisioning")
    assert len(shown_values(page.text)) == 3
    client = record(units).client
    assert (client.grant_types, client.scopes, client.redirect_uris) == (("client_credentials",), {"provisioning"}, ())


def test_an_app_with_fapi_2_0_brings_its_keys(staff: Visitor, units: Units) -> None:
    page = create(staff, kind="fapi2", jwks=json.dumps(JWKS))
    assert page.status_code == 201, said(page.text)
    client = record(units).client
    assert (client.profile, client.auth_method, client.require_par, client.dpop_bound) == ("fapi2", "private_key_jwt", True, True)


def test_without_keys_fapi_2_0_is_refused_in_words(staff: Visitor, units: Units) -> None:
    page = create(staff, kind="fapi2")
    assert page.status_code == 422
    assert "Das wurde nicht angenommen" in page.text
    assert known_ids(units) == []


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("app.example/callback", "ist keine vollständige Adresse"),
        ("https://app.example/cb#x", "darf keinen Teil hinter # haben"),
        ("http://app.example/cb", "muss mit https beginnen; http ist nur für den eigenen Rechner (localhost)"),
        ("https://user@app.example/cb", "hat keinen Hostnamen oder enthält einen Benutzernamen"),
        ("myapp:/cb", "mit einem eigenen Schema, das einen Punkt enthält"),
        ("com.example.app:/cb", "hat ein eigenes Schema, das nur native Apps haben dürfen"),
        ("javascript:alert(1)", "muss mit https beginnen"),
        ("https://[", "ist keine vollständige Adresse"),
        ("https://app.example/ü", "ist keine vollständige Adresse"),
    ],
)
def test_a_bad_redirect_uri_is_told_at_its_field_and_by_the_check_while_typing(staff: Visitor, units: Units, uri: str, words: str) -> None:
    page = create(staff, redirect_uris=uri)
    assert page.status_code == 422
    assert re.search(r'id="redirect_uris-error".*' + re.escape(words), page.text)
    answer = staff.client.get("/staff/redirect-uri", query_string={"uri": uri, "kind": "web"}, headers={"Accept-Language": "de"})
    assert words in answer.json["problem"]
    assert known_ids(units) == []


@pytest.mark.parametrize(
    ("uri", "kind"), [(CALLBACK, "web"), (CALLBACK, "fapi2"), ("com.example.app:/cb", "public"), ("http://127.0.0.1/cb", "public")]
)
def test_a_good_redirect_uri_has_no_problem(staff: Visitor, uri: str, kind: str) -> None:
    answer = staff.client.get("/staff/redirect-uri", query_string={"uri": uri, "kind": kind})
    assert answer.json == {"problem": None}


def test_fapi_2_0_wants_https_already_while_typing(staff: Visitor) -> None:
    answer = staff.client.get("/staff/redirect-uri", query_string={"uri": "http://localhost/cb", "kind": "fapi2"})
    assert "https" in answer.json["problem"]


@pytest.mark.parametrize("uri", ["", "x" * 5000, "\x00", "https://[::1"])
def test_the_check_answers_whatever_is_typed(staff: Visitor, uri) -> None:
    answer = staff.client.get("/staff/redirect-uri", query_string={"uri": uri, "kind": "nonsense"})
    assert answer.status_code == 200
    assert answer.json["problem"]


def test_a_failed_form_keeps_what_was_typed(staff: Visitor) -> None:
    page = create(staff, redirect_uris="http://app.example/cb", client_name="Mein Kalender")
    assert 'value="Mein Kalender"' in page.text
    assert "http://app.example/cb</textarea>" in page.text


def test_sending_the_form_twice_makes_one_app(staff: Visitor, units: Units) -> None:
    staff.open(NEW)
    form = staff.form("client_name")
    fields = form.fields | {name: value for name, value in new_app().items() if name != "client_id"}
    assert len(fields["client_id"]) > 20
    assert staff.post(NEW, **fields).status_code == 201
    again = staff.post(NEW, **fields)
    assert again.status_code == 422
    assert len(known_ids(units)) == 1


@pytest.mark.parametrize(
    "changes",
    [{"kind": "bank"}, {"client_name": ""}, {"client_id": "a b"}, {"client_id": "x" * 200},
    {"jwks": "{", "kind": "fapi2"}, {"scope": "provisioning"}, {"scope": "a\x00b"}, {"client_name": "x" * 5000}, {"redirect_uris": ""},
    {"redirect_uris": "https://a.example/\n" * 3000}, {"redirect_uris": "\n".join(f"https://a.example/{n}" for n in range(200))}],
)  # fmt: skip
def test_what_cannot_be_is_refused_without_an_error_of_ours(staff: Visitor, units: Units, changes) -> None:
    assert create(staff, **changes).status_code == 422
    assert known_ids(units) == []


def test_a_body_that_is_too_large_is_refused(staff: Visitor) -> None:
    assert create(staff, jwks="x" * 100_000).status_code == 413


# --- the list


def test_the_list_shows_name_kind_state_and_last_use(staff: Visitor, registered, unit, clock, app) -> None:
    registered(client_name="Kalender")
    registered("ordering", client_name="Bestellsystem", grant_types=["client_credentials"], redirect_uris=[], scope="provisioning")
    with unit() as work:
        clients.enable(work, "ordering", enabled=False)
    RelyingParty(app, "app").post("/revoke", {"token": "x"})
    text = " ".join(said(staff.open(CLIENTS).text).split())
    assert re.search(r"Bestellsystem ordering Maschine .*Ausgeschaltet nie", text)
    assert re.search(r"Kalender app Web-App \(eigene\) Eingeschaltet Mo\., 02\.03\.2026, 13:00 Uhr", text)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("kal", ["Kalender"]),
        ("KALENDER", ["Kalender"]),
        ("uhr", ["Uhr"]),
        ("nichts", []),
        ("%", []),
        ("_", []),
        ("id-of", ["Kalender", "Uhr"]),
    ],
)
def test_the_list_is_searched_by_name_and_id(staff: Visitor, registered, words: str, found: list[str]) -> None:
    registered("id-of-k", client_name="Kalender")
    registered("id-of-u", client_name="Uhr")
    page = staff.open(f"{CLIENTS}?search={words.replace('%', '%25')}")
    assert re.findall(r'<a href="/staff/clients/id-of-.">(\w+)</a>', page.text) == found


def test_the_list_is_filtered_by_state(staff: Visitor, registered, unit) -> None:
    registered("on")
    registered("off")
    with unit() as work:
        clients.enable(work, "off", enabled=False)
    assert re.findall(r"<code>(\w+)</code>", staff.open(f"{CLIENTS}?state=disabled").text) == ["off"]
    assert re.findall(r"<code>(\w+)</code>", staff.open(f"{CLIENTS}?state=enabled").text) == ["on"]
    assert re.findall(r"<code>(\w+)</code>", staff.open(f"{CLIENTS}?state=nonsense").text) == ["off", "on"]
    assert "Nichts gefunden" in staff.open(f"{CLIENTS}?state=registered").text


def test_a_long_list_goes_on_over_pages_without_loss(staff: Visitor, unit) -> None:
    with unit() as work:
        for number in range(120):
            browsing.registered(work, f"app-{number:03d}", client_name=f"App {number % 7}")
    seen: list[str] = []
    address: str | None = CLIENTS
    while address:
        page = staff.open(address).text
        seen += re.findall(r"<code>(app-\d+)</code>", page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        address = unescape(following[1]) if following else None
    assert len(seen) == len(set(seen)) == 120


@pytest.mark.parametrize(
    "query", ["after=nobody", "after=%00", "search=%00", "search=" + "x" * 3000, "search=%ED%A0%80", "after=%ED%A0%80"]
)
def test_a_strange_address_shows_a_list(staff: Visitor, registered, query: str) -> None:
    registered()
    assert staff.open(f"{CLIENTS}?{query}").status_code == 200


# --- one app


def test_the_page_of_an_app_shows_what_matters(staff: Visitor, registered) -> None:
    registered(backchannel_logout_uri="https://app.example/bc")
    text = said(staff.open(APP).text)
    for words in ("app", CALLBACK, "https://app.example/bc", "Mo., 02.03.2026, 13:00 Uhr", "auf der Kommandozeile", "Neuestes Secret"):
        assert words in text, words


def test_an_unknown_app_is_not_found(staff: Visitor) -> None:
    for page in ("", "/edit", "/metadata", "/secret", "/disable", "/delete"):
        assert staff.open(f"{CLIENTS}/nobody{page}").status_code == 404
    assert staff.open(f"{CLIENTS}/%00").status_code == 404
    assert staff.open(f"{CLIENTS}/%ED%A0%80/edit").status_code == 404


def test_the_form_changes_what_it_names_and_leaves_the_rest(staff: Visitor, registered, units: Units, clock) -> None:
    registered(tos_uri="https://app.example/tos", default_max_age=60)
    clock.advance(minutes=1)
    staff.open(f"{APP}/edit")
    staff.send(
        "client_name", client_name="Neuer Name", redirect_uris=f"{CALLBACK}\n\n https://app.example/zwei ", scope="openid", tos_uri="",
        frontchannel_logout_uri="https://app.example/fc", first_party="",
    )  # fmt: skip
    assert staff.heading == "Neuer Name"
    changed = record(units, "app").client
    assert changed.redirect_uris == (CALLBACK, "https://app.example/zwei")
    assert (changed.name, changed.scopes, changed.tos_uri) == ("Neuer Name", {"openid"}, None)
    assert (changed.frontchannel_logout_uri, changed.default_max_age) == ("https://app.example/fc", 60)
    with units.read() as work:
        (noted,) = work.db.scalars(select(AuditEvent.detail).where(AuditEvent.event == "client.changed"))
    assert noted == {"members": ["client_name", "frontchannel_logout_uri", "redirect_uris", "scope", "tos_uri"]}


def fields_of(staff: Visitor, having: str) -> dict[str, str]:
    form = staff.form(having)
    areas = re.findall(r'<textarea [^>]*name="(\w+)"[^>]*>\r?\n?(.*?)</textarea>', staff.page.text, re.DOTALL)
    return form.fields | {name: unescape(value) for name, value in areas}


def test_an_untouched_form_changes_nothing(staff: Visitor, registered, units: Units, clock) -> None:
    registered(post_logout_redirect_uris=["https://app.example/out"], first_party=False)
    before = record(units, "app")
    clock.advance(minutes=1)
    staff.open(f"{APP}/edit")
    fields = fields_of(staff, "client_name")
    fields.pop("first_party")
    assert staff.post(f"{APP}/edit", **fields).status_code == 303
    assert record(units, "app") == before


def test_an_error_in_the_form_is_told_at_its_field(staff: Visitor, registered, units: Units) -> None:
    registered()
    before = record(units, "app")
    staff.open(f"{APP}/edit")
    fields = fields_of(staff, "client_name") | {"backchannel_logout_uri": "http://intern.example/"}
    answer = staff.post(f"{APP}/edit", **fields)
    assert answer.status_code == 422
    assert 'id="backchannel_logout_uri-error"' in answer.text
    assert record(units, "app") == before


def test_who_saves_later_does_not_undo_what_somebody_saved_meanwhile(staff: Visitor, registered, units: Units, unit, clock) -> None:
    registered()
    staff.open(f"{APP}/edit")
    fields = fields_of(staff, "client_name")
    clock.advance(minutes=1)
    with unit() as work:
        clients.change(work, "app", {"redirect_uris": ["https://app.example/neu"]})
    answer = staff.post(f"{APP}/edit", **(fields | {"client_name": "Zu spät"}))
    assert answer.location == APP
    assert "Diese App wurde inzwischen geändert." in staff.open(APP).text
    assert record(units, "app").client.redirect_uris == ("https://app.example/neu",)


def test_the_whole_metadata_is_changed_as_json(staff: Visitor, registered, units: Units) -> None:
    registered(default_max_age=60)
    staff.open(f"{APP}/metadata")
    document = json.loads(fields_of(staff, "seen")["document"])
    document |= {"require_pushed_authorization_requests": True}
    document.pop("default_max_age")
    staff.send("seen", document=json.dumps(document))
    changed = record(units, "app").client
    assert (changed.require_par, changed.default_max_age) == (True, None)
    assert changed.redirect_uris == (CALLBACK,)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("", "Bitte ausfüllen"),
        ("[]", "kein JSON-Objekt"),
        ("{", "kein JSON-Objekt"),
        ('{"a": NaN}', "kein JSON-Objekt"),
        ('{"client_name": "a", "client_name": "b"}', "kein JSON-Objekt"),
        ('{"client_name": "\\ud800", "redirect_uris": ["https://app.example/callback"]}', "kein JSON-Objekt"),
        ('{"client_name": "a\\u0000b", "redirect_uris": ["https://app.example/callback"]}', "kein JSON-Objekt"),
        ("[" * 20000, "kein JSON-Objekt"),
        ('{"redirect_uri": ["https://app.example/cb"]}', "Diese Angaben sind unbekannt: redirect_uri"),
        ('{"redirect_uris": "https://app.example/cb"}', "Das wurde nicht angenommen"),
        ('{"redirect_uris": ["http://app.example/cb"]}', "Das wurde nicht angenommen"),
        ('{"redirect_uris": ["https://app.example/cb"], "jwks": {"keys": 1}}', "Das wurde nicht angenommen"),
        ('{"redirect_uris": ["https://app.example/cb"], "scope": "root"}', "Das wurde nicht angenommen"),
    ],
)
def test_a_document_that_cannot_be_is_refused_in_words(staff: Visitor, registered, units: Units, document: str, words: str) -> None:
    registered()
    before = record(units, "app")
    staff.open(f"{APP}/metadata")
    page = staff.send("seen", document=document)
    assert page.status_code == 422
    assert words in unescape(page.text) or "muss mit https beginnen" in page.text
    assert record(units, "app") == before


# --- secrets


def confirmed(staff: Visitor, address: str):
    """Answer the question of a page with yes."""
    staff.open(address)
    assert staff.page.status_code == 200, staff.page.text[:500]
    path = address.partition("?")[0]
    staff.page = staff.post(address, **staff.form(path.rpartition("/")[2]).fields)
    return staff.page


def accepts(app, secret: str) -> bool:
    relying = RelyingParty(app)
    relying.auth = ("app", secret)
    return relying.post("/introspect", {"token": "x"}).status_code == 200


def test_a_new_secret_overlaps_with_the_old_one_until_that_is_ended(staff: Visitor, app, registered, clock) -> None:
    registered()
    first = browsing.secret_of("app")
    clock.advance(minutes=1)
    page = confirmed(staff, f"{APP}/secret")
    assert page.status_code == 201
    second = shown_values(page.text)[1]
    assert accepts(app, first)
    assert accepts(app, second)
    assert "Altes Secret, noch gültig" in staff.open(APP).text
    assert confirmed(staff, f"{APP}/secret/end-old").status_code == 303
    assert not accepts(app, first)
    assert accepts(app, second)


def test_a_third_secret_ends_the_first(staff: Visitor, app, registered, clock) -> None:
    registered()
    made = []
    for _ in range(2):
        clock.advance(minutes=1)
        made.append(shown_values(confirmed(staff, f"{APP}/secret").text)[1])
    assert not accepts(app, browsing.secret_of("app"))
    assert all(accepts(app, secret) for secret in made)


def test_asking_for_a_new_secret_twice_makes_one(staff: Visitor, app, registered, clock, units: Units) -> None:
    registered()
    clock.advance(minutes=1)
    staff.open(f"{APP}/secret")
    fields = staff.form("seen").fields
    assert staff.post(f"{APP}/secret", **fields).status_code == 201
    clock.advance(seconds=1)
    assert staff.post(f"{APP}/secret", **fields).location == APP
    assert accepts(app, browsing.secret_of("app"))
    with units.read() as work:
        assert len(clients.secrets_made_at(work, "app")) == 2


def test_a_form_that_says_nothing_of_what_was_seen_makes_no_secret(staff: Visitor, registered, units: Units) -> None:
    registered()
    staff.open(f"{APP}/secret")
    token = staff.form("seen").fields["csrf_token"]
    for seen in ("", "nonsense", "2026-03-02T12:00:00"):
        assert staff.post(f"{APP}/secret", csrf_token=token, seen=seen).status_code == 303
    with units.read() as work:
        assert len(clients.secrets_made_at(work, "app")) == 1


def test_an_app_without_secret_is_offered_none(staff: Visitor, registered) -> None:
    registered(token_endpoint_auth_method="none")
    assert "Secret" not in said(staff.open(APP).text)
    staff.open(f"{APP}/secret")
    assert staff.address == APP


# --- switching off, deleting


def test_switching_off_ends_the_tokens_and_switching_on_brings_none_back(staff: Visitor, app, registered, units: Units) -> None:
    registered()
    account = browsing.with_password(units, browsing.phone_admin)
    browser = Browser(app)
    browser.with_session(account)
    relying = RelyingParty(app)
    tokens = relying.tokens(browser)
    assert confirmed(staff, f"{APP}/disable").status_code == 303
    assert relying.userinfo(tokens["access_token"]).status_code == 401
    assert relying.refresh(tokens["refresh_token"]).status_code == 401
    assert confirmed(staff, f"{APP}/enable").status_code == 303
    assert relying.userinfo(tokens["access_token"]).status_code == 401
    assert relying.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"


def test_opening_the_questions_changes_nothing(staff: Visitor, registered, units: Units) -> None:
    registered()
    before = record(units, "app")
    for page in ("disable", "enable", "delete", "secret", "secret/end-old"):
        staff.open(f"{APP}/{page}")
    assert record(units, "app") == before


def test_deleting_names_the_app_and_is_final(staff: Visitor, registered, units: Units, operator) -> None:
    registered(client_name="Kalender")
    staff.open(f"{APP}/delete")
    assert staff.heading == "Kalender (app) löschen?"
    confirmed(staff, f"{APP}/delete")
    assert known_ids(units) == []
    assert confirmed_gone(staff)
    with units.read() as work:
        query = select(AuditEvent.actor_kind, AuditEvent.actor_id).where(AuditEvent.event == "client.deleted")
        assert work.db.execute(query).all() == [("staff", operator.id)]


def confirmed_gone(staff: Visitor) -> bool:
    return staff.open(APP).status_code == 404


# --- resources


def test_resources_are_listed(staff: Visitor, unit, registered) -> None:
    registered()
    assert "Noch keine Ressourcen" in staff.open("/staff/resources").text
    with unit() as work:
        resources.create(work, "https://phones.example/api", name="Telefone", scopes=["phones:read"], introspection_client_id="app")
    text = said(staff.open("/staff/resources").text)
    assert all(words in text for words in ("Telefone", "https://phones.example/api", "phones:read", "app"))


def test_names_are_shown_as_text(staff: Visitor, registered) -> None:
    registered(client_name="<script>alert(1)</script>")
    for page in (CLIENTS, APP, f"{APP}/edit", f"{APP}/metadata", f"{APP}/delete"):
        assert "<script>alert" not in staff.open(page).text
