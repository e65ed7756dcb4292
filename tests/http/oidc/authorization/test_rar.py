"""Authorization details of type `cloud_phone` (RFC 9396) at the authorization endpoint."""

import json

import pytest
from sqlalchemy import select

from idp.audit.tables import AuditEvent
from idp.directory import provisioning
from idp.directory.accounts import Account
from idp.directory.provisioning import ContractEntry
from idp.oidc.authorization.tables import Code
from tests import builders
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser, answered


@pytest.fixture(autouse=True)
def phone_app(visitor: Browser, unit) -> None:
    """An app that may ask for the cloud telephone system, and a second customer."""
    with unit() as work:
        browsing.registered(work, "phone", authorization_details_types=["cloud_phone"])
        builders.customer(work, builders.OTHER_NUMBER)


def details(*contracts: str) -> str:
    return json.dumps([{"type": "cloud_phone", "contract": contract} for contract in contracts])


def test_rfc9396_5_a_contract_of_the_account_is_granted(signed_in: Browser, units) -> None:
    assert "code" in answered(signed_in.authorize(client_id="phone", authorization_details=details(builders.PHONE_1)))
    with units.read() as work:
        granted = work.db.execute(select(Code.grant)).scalar_one()["authorization_details"]
    assert granted == [{"type": "cloud_phone", "contract": builders.PHONE_1}]


def test_rfc9396_2_details_need_no_scope(signed_in: Browser) -> None:
    answer = answered(signed_in.authorize(client_id="phone", scope=None, authorization_details=details(builders.PHONE_1)))
    assert "code" in answer


@pytest.mark.parametrize(
    "contracts",
    [
        ["CP-unknown"],
        [builders.INTERNET],
        [f"{builders.OTHER_NUMBER}-{builders.PHONE_1}"],
        [builders.PHONE_1, f"{builders.OTHER_NUMBER}-{builders.PHONE_1}"],
    ],
    ids=["unknown", "another product", "another customer's", "one own and one of another"],
)
def test_rfc9396_5_a_contract_that_the_account_may_not_use_is_access_denied(signed_in: Browser, contracts: list[str]) -> None:
    answer = answered(signed_in.authorize(client_id="phone", authorization_details=details(*contracts)))
    assert (answer["error"], answer["state"]) == ("access_denied", "a state")


def test_rfc9396_5_an_inactive_contract_is_access_denied(signed_in: Browser, unit) -> None:
    with unit() as work:
        ended = (ContractEntry(builders.PHONE_1, "cloud_phone", "Telefonanlage Zentrale", active=False),)
        provisioning.provision(work, builders.NUMBER, builders.document(contracts=ended))
    answer = answered(signed_in.authorize(client_id="phone", authorization_details=details(builders.PHONE_1)))
    assert answer["error"] == "access_denied"


def test_a_denied_contract_is_noted_in_the_audit_log(signed_in: Browser, account: Account, units) -> None:
    signed_in.authorize(client_id="phone", authorization_details=details("CP-unknown"))
    with units.read() as work:
        query = select(AuditEvent.account_id, AuditEvent.client_id, AuditEvent.actor_id, AuditEvent.detail)
        noted = work.db.execute(query.where(AuditEvent.event == "authorization.refused")).all()
    assert noted == [(account.id, "phone", account.id, {"error": "access_denied"})]


@pytest.mark.parametrize(
    "wrong",
    [
        "no json", "{}", "[]", "[1]", '[{"type": "other"}]', '[{"type": "cloud_phone"}]', '[{"type": "cloud_phone", "contract": 1}]',
        '[{"type": "cloud_phone", "contract": ""}]', '[{"type": "cloud_phone", "contract": "x", "more": 1}]',
        '[{"type": "cloud_phone", "contract": "a\\u0000b"}]', '[{"type": "cloud_phone", "contract": "\\ud800"}]', "[" * 5000,
    ],
)  # fmt: skip
def test_rfc9396_5_details_of_wrong_form_are_invalid_authorization_details(signed_in: Browser, wrong: str) -> None:
    answer = answered(signed_in.authorize(client_id="phone", authorization_details=wrong))
    assert answer["error"] in ("invalid_authorization_details", "access_denied")


def test_rfc9396_5_a_type_that_is_not_registered_for_the_client_is_invalid(signed_in: Browser) -> None:
    answer = answered(signed_in.authorize(authorization_details=details(builders.PHONE_1)))
    assert answer["error"] == "invalid_authorization_details"
