"""Initial access tokens and what is new of clients, from the shell."""

import json
from collections.abc import Iterator

import pytest
from joserfc.jwk import ECKey

from idp.unit_of_work import Units
from tests import publisher
from tests.http.oidc.relying import RelyingParty, machine
from tests.publisher import Publisher

CALLBACK = ("--redirect-uri", "https://app.example/cb")


@pytest.fixture
def published() -> Iterator[tuple[Publisher, str]]:
    """A server of an operator's app, and its address."""
    made = Publisher()
    with publisher.running(made) as port:
        yield made, f"http://localhost:{port}"


def test_an_initial_access_token_registers_until_it_is_ended(told, refused, app) -> None:
    made = told("initial-token", "create", "Partner", "--uses", "5", "--days", "2")
    assert set(made) == {"id", "name", "created_at", "expires_at", "uses_left", "initial_access_token"}
    client = app.test_client()
    shown = {"Authorization": f"Bearer {made['initial_access_token']}"}
    metadata = {"redirect_uris": ["https://app.example/cb"]}
    assert client.post("/register", json=metadata, headers=shown).status_code == 201
    (listed,) = told("initial-token", "list")
    assert (listed["id"], listed["name"], listed["uses_left"]) == (made["id"], "Partner", 4)
    assert "initial_access_token" not in listed
    told("initial-token", "end", made["id"])
    assert client.post("/register", json=metadata, headers=shown).status_code == 401
    assert refused("initial-token", "end", made["id"]) == (3, "initial_token_unknown")


@pytest.mark.parametrize(
    "arguments", [("",), ("x" * 201,), ("a\nb",), ("x", "--days", "0"), ("x", "--days", "99999"), ("x", "--uses", "0")]
)
def test_an_initial_access_token_that_cannot_be_is_refused(refused, arguments: tuple[str, ...]) -> None:
    assert refused("initial-token", "create", *arguments) == (1, "invalid")


def test_flags_of_a_client_are_its_metadata(told) -> None:
    made = told(
        "client", "create", *CALLBACK,
        "--jwks-uri", "https://app.example/keys",
        "--allowed-origin", "https://front.example", "--allowed-origin", "https://other.example",
        "--subject-type", "pairwise",
        "--logo-uri", "https://app.example/logo.png", "--policy-uri", "https://app.example/p", "--tos-uri", "https://app.example/t",
        "--request-uri", "https://app.example/request",
        "--userinfo-alg", "ES256",
    )  # fmt: skip
    assert (made["token_endpoint_auth_method"], made["jwks_uri"]) == ("private_key_jwt", "https://app.example/keys")
    assert made["allowed_origins"] == ["https://front.example", "https://other.example"]
    assert (made["subject_type"], made["userinfo_signed_response_alg"]) == ("pairwise", "ES256")
    assert made["request_uris"] == ["https://app.example/request"]
    assert "client_secret" not in made


def test_keys_by_address_take_the_place_of_keys_by_value_and_back(told, tmp_path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"keys": [ECKey.generate_key("P-256").as_dict(private=False)]}), encoding="utf-8")
    made = told("client", "create", *CALLBACK, "--jwks", str(keys))
    changed = told("client", "update", made["client_id"], "--jwks-uri", "https://app.example/keys")
    assert (changed.get("jwks"), changed["jwks_uri"]) == (None, "https://app.example/keys")
    assert "jwks_uri" not in told("client", "update", made["client_id"], "--jwks", str(keys))


def test_both_kinds_of_keys_at_once_are_wrong_use(refused, tmp_path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text("{}", encoding="utf-8")
    asked = ("client", "create", *CALLBACK, "--jwks", str(keys), "--jwks-uri", "https://app.example/keys")
    assert refused(*asked)[0] == 2


def test_registration_5_a_sectors_document_is_proven_for_operators_too(told, refused, published, monkeypatch) -> None:
    monkeypatch.setenv("IDP_OUTBOUND_ALLOW", '["localhost"]')
    documents, address = published
    documents.documents["/sector"] = json.dumps(["https://app.example/cb", "https://other.example/cb"]).encode()
    sector = ("--subject-type", "pairwise", "--sector-identifier-uri", f"{address}/sector")
    made = told("client", "create", *CALLBACK, *sector)
    told("client", "update", made["client_id"], "--redirect-uri", "https://other.example/cb")
    assert refused("client", "update", made["client_id"], "--redirect-uri", "https://third.example/cb") == (1, "invalid_client_metadata")
    assert refused("client", "create", "--redirect-uri", "https://third.example/cb", *sector) == (1, "invalid_client_metadata")
    assert refused("client", "update", "nobody", "--redirect-uri", "https://third.example/cb") == (3, "client_unknown")


def test_the_list_tells_when_a_client_was_last_used(told, app, units: Units, clock) -> None:
    with units.write() as work:
        machine(work)
    assert [one["last_used_at"] for one in told("client", "list")] == [None]
    assert RelyingParty(app, "ordering").post("/token", {"grant_type": "client_credentials"}).status_code == 200
    assert [one["last_used_at"] for one in told("client", "list")] == [clock().strftime("%Y-%m-%dT%H:%M:%SZ")]
