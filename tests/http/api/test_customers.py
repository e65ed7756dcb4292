"""PUT and GET of customers by the ordering system."""

import json

import pytest
from sqlalchemy import select

from idp.directory import customers
from idp.outbox.tables import Job
from tests import builders
from tests.http.api.conftest import body

PATH = f"/api/v1/customers/{builders.NUMBER}"


def mails(units):
    with units.read() as work:
        return [payload["template"] for payload in work.db.execute(select(Job.payload).where(Job.kind == "mail")).scalars()]


def problem(response, status, code=None):
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    assert response.json["status"] == status
    assert code is None or response.json["code"] == code
    return response.json


def test_the_first_put_is_201_and_an_equal_one_200_without_a_second_mail(ordering, units):
    first, second = ordering("PUT", body()), ordering("PUT", body())
    assert (first.status_code, second.status_code) == (201, 200)
    assert mails(units) == ["mail/invitation"]
    assert first.json == second.json


def test_the_answer_repeats_the_document_with_the_accounts(ordering):
    answer = ordering("PUT", body()).json
    [account] = answer.pop("accounts")
    assert answer == json.loads(json.dumps(body()))
    assert {name: account[name] for name in ("number", "username", "role", "status")} == {
        "number": 1101,
        "username": "customer2300229",
        "role": "administrator-kundenportal",
        "status": "invitation_sent",
    }


def test_salutation_phone_and_locale_may_be_left_out(ordering):
    contact = {name: value for name, value in body()["main_contact"].items() if name not in ("salutation", "phone", "locale")}
    answer = ordering("PUT", body(main_contact=contact))
    assert answer.status_code == 201
    assert answer.json["main_contact"] == contact | {"salutation": "", "phone": None, "locale": "de"}


def test_active_is_true_where_nothing_is_said(ordering):
    document = body()
    del document["active"]
    for contract in document["contracts"]:
        del contract["active"]
    answer = ordering("PUT", document).json
    assert answer["active"] is True
    assert all(contract["active"] for contract in answer["contracts"])


def test_an_answer_can_be_sent_back(ordering):
    answer = ordering("PUT", body()).json
    assert ordering("PUT", answer).status_code == 200


def test_get_gives_what_put_gave(ordering):
    assert ordering("GET").status_code == 404
    put = ordering("PUT", body()).json
    assert ordering("GET").json == put


def test_no_answer_may_be_kept(ordering):
    assert ordering("PUT", body()).headers["Cache-Control"] == "no-store"


def test_what_waits_for_the_owner_is_told(ordering, unit):
    ordering("PUT", body())
    with unit() as work:
        builders.administrator(work)
    contact = body()["main_contact"] | {"email": "neu@example.com"}
    assert ordering("PUT", body(main_contact=contact)).json["awaiting_confirmation"] == ["email"]


# --- who may


def test_rfc6750_3_without_a_token_is_401_with_a_bare_challenge(client):
    response = client.put(PATH, json=body())
    problem(response, 401)
    assert response.headers["WWW-Authenticate"].startswith('Bearer realm="idp", DPoP realm="idp", algs="')


@pytest.mark.parametrize("value", ["Bearer nonsense", "bearer a.b.c", "Basic eA==", "Bearer"])
def test_rfc6750_3_1_a_token_that_is_none_is_401(client, value):
    response = client.put(PATH, json=body(), headers={"Authorization": value})
    problem(response, 401, "invalid_token")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_rfc6750_3_1_a_token_without_the_scope_is_403(client, token, units):
    response = client.put(PATH, json=body(), headers={"Authorization": f"Bearer {token('other', 'openid')}"})
    problem(response, 403, "insufficient_scope")
    assert 'error="insufficient_scope"' in response.headers["WWW-Authenticate"]
    with units.read() as work:
        assert customers.find_by_number(work, builders.NUMBER) is None


def test_who_may_not_is_told_nothing_of_the_document(client, token):
    response = client.put(PATH, data="{", headers={"Authorization": f"Bearer {token('other', 'openid')}"})
    problem(response, 403)


def test_an_expired_token_is_401(ordering, clock):
    clock.advance(minutes=6)
    problem(ordering("PUT", body()), 401, "invalid_token")


# --- bad input


@pytest.mark.parametrize("number", ["0", "012", "abc", "1" * 21, "-1", "%20", "1.5"])
def test_an_impossible_number_is_422(ordering, number):
    found = problem(ordering("PUT", body(), number), 422, "invalid")
    assert [error["path"] for error in found["errors"]] == ["customer_number"]


def without(*path):
    document = body()
    inner = document
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return document


@pytest.mark.parametrize(
    "path",
    [
        ("name",),
        ("contracts",),
        ("main_contact",),
        *(("main_contact", name) for name in ("given_name", "family_name", "email", "mobile")),
        *(("contracts", 1, name) for name in ("id", "product", "label")),
    ],
)
def test_what_is_required_is_named_by_its_path(ordering, path):
    [error] = problem(ordering("PUT", without(*path)), 422)["errors"]
    assert error["path"] == ".".join(map(str, path))
    assert error["pointer"] == "#/" + "/".join(map(str, path))


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"name": 1}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "nul\x00"}, "name"),
        ({"active": "yes"}, "active"),
        ({"active": None}, "active"),
        ({"contracts": {}}, "contracts"),
        ({"contracts": ["x"]}, "contracts.0"),
        ({"contracts": [{"id": "A/B", "product": "p", "label": "l"}]}, "contracts.0.id"),
        ({"main_contact": []}, "main_contact"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_each_wrong_entry_is_named_by_its_path(ordering, changes, path):
    [error] = problem(ordering("PUT", body(**changes)), 422)["errors"]
    assert error["path"] == path
    assert error["detail"]


def test_a_number_that_is_not_mobile_is_refused_in_the_accepted_language(ordering):
    document = body(main_contact=body()["main_contact"] | {"mobile": "+49211550"})
    german = problem(ordering("PUT", document, headers={"Accept-Language": "de-DE,de;q=0.9"}), 422)
    english = problem(ordering("PUT", document), 422)
    assert german["errors"][0]["detail"].startswith("Das ist keine Handynummer.")
    assert english["errors"][0]["detail"].startswith("This is not a mobile number.")


@pytest.mark.parametrize(
    "sent",
    [b"", b"{", b"\xff\xfe", b'{"name": NaN}', b'{"name": %s}' % (b"1" * 5000), b"[" * 100_000, b'{"name": "a", "name": "b"}', b"{} {}"],
)
def test_what_is_no_json_is_400(ordering, sent):
    problem(ordering("PUT", data=sent, content_type="application/json"), 400, "invalid_json")


@pytest.mark.parametrize("sent", [b"null", b"[]", b'"x"', b"1"])
def test_json_that_is_no_object_is_422(ordering, sent):
    problem(ordering("PUT", data=sent, content_type="application/json"), 422)


def test_a_lone_surrogate_is_422(ordering):
    sent = json.dumps(body()).replace("Muster GmbH", "\\ud800")
    problem(ordering("PUT", data=sent, content_type="application/json"), 422)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_another_media_type_is_415(ordering, kind):
    problem(ordering("PUT", data=json.dumps(body()), content_type=kind), 415)


def test_a_body_over_a_mebibyte_is_413(ordering):
    problem(ordering("PUT", data=b" " * (1024 * 1024 + 1), content_type="application/json"), 413)


def test_a_contract_of_another_customer_is_409(ordering):
    ordering("PUT", body())
    response = ordering("PUT", body(), builders.OTHER_NUMBER)
    problem(response, 409)


def test_a_method_that_customers_do_not_know_is_405(ordering):
    response = ordering("POST", body())
    problem(response, 405)
    assert "PUT" in response.headers["Allow"]


def test_an_unknown_address_below_the_api_is_a_problem_too(client):
    problem(client.get("/api/v1/nothing"), 404)


def test_a_bug_is_one_bland_sentence(ordering, monkeypatch):
    def broken(*_):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("idp.api.customers.provisioning.provision", broken)
    response = ordering("PUT", body())
    problem(response, 500)
    assert "secret detail" not in response.text


# --- the description


def test_the_description_names_every_answer_of_the_api(client):
    document = client.get("/api/openapi.json").json
    assert document["openapi"].startswith("3.1")
    put = document["paths"]["/v1/customers/{customer_number}"]["put"]
    assert set(put["responses"]) == {"200", "201", "400", "401", "403", "409", "413", "415", "422", "429", "503"}


def test_every_reference_of_the_description_leads_somewhere(client):
    document = client.get("/api/openapi.json").json
    references = {part.split('"')[0] for part in json.dumps(document).split('"#/components/schemas/')[1:]}
    assert references <= set(document["components"]["schemas"])


def test_the_description_says_what_is_required(client):
    schemas = client.get("/api/openapi.json").json["components"]["schemas"]
    assert set(schemas["MainContactShape"]["required"]) == {"given_name", "family_name", "email", "mobile"}
