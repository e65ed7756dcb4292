"""A device asks for its codes."""

import json
import re
from dataclasses import replace

import pytest
from sqlalchemy import select

from idp.oidc.authorization import devices
from idp.oidc.authorization.tables import DeviceRequest
from tests.builders import PHONE_1
from tests.http.oidc.browsing import basic
from tests.http.oidc.device.conftest import Phone


def test_rfc8628_3_2_the_answer_holds_both_codes_and_where_to_type(phone: Phone) -> None:
    response = phone.ask()
    body = response.json
    assert response.headers["Cache-Control"] == "no-store"
    assert set(body) == {"device_code", "user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval"}
    assert (body["expires_in"], body["interval"]) == (600, 5)
    assert body["verification_uri"] == "http://localhost/device"
    assert body["verification_uri_complete"] == f"http://localhost/device?user_code={body['user_code']}"


def test_rfc8628_6_1_the_user_code_is_eight_unambiguous_letters(phone: Phone) -> None:
    codes = {phone.begin() for _ in range(20)}
    assert len(codes) == 20
    assert all(re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", code) for code in codes)


def test_rfc8628_5_2_the_device_code_has_256_bits_and_neither_code_is_kept_in_clear(phone: Phone, units) -> None:
    code = phone.begin()
    with units.read() as work:
        row = str(work.db.execute(select(DeviceRequest.__table__)).all())
    assert len(phone.begun["device_code"]) == 43
    assert phone.begun["device_code"] not in row
    assert code not in row
    assert code.replace("-", "") not in row


def test_rfc8628_3_1_a_confidential_client_authenticates_as_at_the_token_endpoint(app, register) -> None:
    register("gateway", token_endpoint_auth_method="client_secret_basic")
    gateway = Phone(app, "gateway", public=False)
    gateway.begin()
    assert gateway.post("/device-authorization", {"scope": "openid"}, auth=("gateway", "wrong")).json["error"] == "invalid_client"
    assert gateway.post("/device-authorization", {"scope": "openid", "client_id": "gateway"}, auth=None).status_code == 401


def test_rfc8628_3_1_an_unknown_client_is_refused(phone: Phone) -> None:
    assert phone.ask(client_id="unknown").json["error"] == "invalid_client"


def test_rfc6749_5_2_a_client_without_the_grant_is_unauthorized(app, register) -> None:
    register("web", grant_types=["authorization_code"], redirect_uris=["https://app.example/cb"])
    refused = Phone(app, "web").ask()
    assert (refused.status_code, refused.json["error"]) == (400, "unauthorized_client")


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"scope": "unknown"}, "invalid_scope"),
        ({"scope": "provisioning"}, "invalid_scope"),
        ({"resource": "https://elsewhere.example"}, "invalid_target"),
        ({"authorization_details": "[]"}, "invalid_authorization_details"),
        ({"authorization_details": '[{"type": "unknown"}]'}, "invalid_authorization_details"),
        ({"device_name": ["one", "two"]}, "invalid_request"),
        ({"scope": "openid\0"}, "invalid_request"),
    ],
)
def test_rfc8628_3_2_wrong_requests_are_refused_by_name(phone: Phone, asked, error: str) -> None:
    response = phone.ask(**asked)
    assert (response.status_code, response.json["error"]) == (400, error)


def test_rfc9396_a_device_may_ask_for_a_contract_alone(phone: Phone) -> None:
    phone.begin(scope="", authorization_details=json.dumps([{"type": "cloud_phone", "contract": PHONE_1}]))


def test_parameters_in_the_query_do_not_count(phone: Phone) -> None:
    assert phone.post("/device-authorization?client_id=phone&scope=openid", {"scope": "openid"}).status_code == 401


@pytest.mark.parametrize(
    "name", ["x" * 30_000, "\ud800 \N{RIGHT-TO-LEFT OVERRIDE}nofeleT", "<script>", "%00", "\N{ZERO WIDTH SPACE}", "\N{GRINNING FACE}" * 100]
)
def test_a_device_may_call_itself_anything(phone: Phone, person, name: str) -> None:
    page = person.confirmation(phone.begin(device_name=name.encode("utf-8", "surrogatepass")))
    assert page.status_code == 200
    assert "<script>" not in page.text.split("<main")[1]
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in page.text
    assert "x" * 61 not in page.text


def test_credentials_of_another_client_beside_the_own_id_are_refused(phone: Phone, app, register) -> None:
    register("gateway", token_endpoint_auth_method="client_secret_basic")
    assert phone.post("/device-authorization", {"client_id": "phone"}, auth=basic("gateway")).json["error"] == "invalid_request"


def test_public_clients_devices_of_one_network_are_bounded(phone: Phone, monkeypatch, clock) -> None:
    monkeypatch.setattr(devices, "BEGUN_BY_NETWORK", replace(devices.BEGUN_BY_NETWORK, count=3))
    for _ in range(3):
        phone.begin()
        clock.advance(minutes=1)
    refused = phone.ask()
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "420")
    clock.advance(minutes=7)
    phone.begin()


# --- the picture


def test_rfc8628_3_3_1_the_picture_shows_the_complete_address(phone: Phone) -> None:
    picture = phone.client.get("/device/qr", query_string={"user_code": phone.begin()})
    assert picture.status_code == 200
    assert picture.mimetype == "image/svg+xml"
    assert picture.headers["Cache-Control"] == "no-store"
    assert b"<script" not in picture.data


def test_the_picture_is_of_the_code_and_no_other(phone: Phone) -> None:
    pictures = [phone.client.get("/device/qr", query_string={"user_code": code}).data for code in ("BCDF-GHJK", "bcdfghjk", "BCDF-GHJL")]
    assert pictures[0] == pictures[1]
    assert pictures[0] != pictures[2]


def test_the_picture_tells_nothing_about_codes(phone: Phone) -> None:
    known = phone.begin()
    unknown = "BBBB-BBBB"
    answers = [phone.client.get("/device/qr", query_string={"user_code": code}) for code in (known, unknown)]
    assert [(answer.status_code, len(answer.headers)) for answer in answers] == [(200, len(answers[0].headers))] * 2


@pytest.mark.parametrize("code", ["", "AAAA-AAAA", "BCDF", "BCDF-GHJK&x=1", "https://evil.example", "B" * 100_000])
def test_the_picture_shows_codes_only(phone: Phone, code: str) -> None:
    assert phone.client.get("/device/qr", query_string={"user_code": code}).status_code == 404
