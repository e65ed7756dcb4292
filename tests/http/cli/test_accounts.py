"""`idp account` and `idp customer`: one JSON document each, exit codes by what went wrong."""

import json
from dataclasses import asdict

import pytest

from idp.directory import accounts
from tests import builders


@pytest.fixture
def muster(unit):
    with unit() as work:
        return builders.customer(work)


def answered(runner, *arguments, exit_code=0):
    result = runner(*arguments, "--json")
    assert result.exit_code == exit_code, result.output + result.errors
    return json.loads(result.output)


PERSON = ("--given-name", "Bea", "--family-name", "Betrieb", "--email", "bea@example.net", "--mobile", "+4915155512345")


def test_a_staff_account_is_created_and_invited(runner):
    made = answered(runner, "account", "create", "--username", "betrieb", "--role", "operator", *PERSON)
    assert (made["username"], made["role"], made["customer_number"], made["status"]) == ("betrieb", "operator", None, "invitation_sent")


def test_a_customers_account_gets_the_next_number(runner, muster):
    made = answered(
        runner,
        "account",
        "create",
        "--username",
        "zentrale",
        "--role",
        "administrator-telefonanlage",
        "--customer",
        builders.NUMBER,
        *PERSON,
    )
    assert (made["number"], made["customer_number"]) == (1102, builders.NUMBER)


@pytest.mark.parametrize("wrong", [("operator", "--customer", builders.NUMBER), ("administrator-telefonanlage",), ("nobody",)])
def test_wrong_use_is_exit_2(runner, muster, wrong):
    assert answered(runner, "account", "create", "--username", "x.y", *PERSON, "--role", *wrong, exit_code=2)["error"] == "wrong_use"


def test_a_refused_account_is_exit_1_with_the_reason(runner, muster):
    person = [value if value != "bea@example.net" else "nobody" for value in PERSON]
    refused = answered(runner, "account", "create", "--username", "betrieb", "--role", "operator", *person, exit_code=1)
    assert refused["error"] == "invalid"


def test_lists_are_bare_arrays(runner, muster):
    assert [row["username"] for row in answered(runner, "account", "list")] == ["customer2300229"]
    assert [row["username"] for row in answered(runner, "account", "list", "--customer", builders.NUMBER, "--search", "muster")] == [
        "customer2300229"
    ]
    assert answered(runner, "account", "list", "--customer", builders.NUMBER, "--status", "active") == []


@pytest.mark.parametrize("named", ["customer2300229", "CUSTOMER2300229"])
def test_an_account_is_shown_by_its_name_in_any_spelling(runner, muster, named):
    assert answered(runner, "account", "show", named)["email"] == "max.muster@example.com"


def test_an_account_is_shown_by_its_id(runner, muster):
    assert answered(runner, "account", "show", muster.main_contact_account_id)["number"] == 1101


@pytest.mark.parametrize("verb", ["show", "lock", "unlock", "deactivate", "reactivate", "invite"])
def test_an_unknown_account_is_exit_3(runner, muster, verb):
    assert answered(runner, "account", verb, "nobody", exit_code=3)["error"] == "not_found"


def test_locking_and_unlocking(runner, muster):
    assert answered(runner, "account", "lock", "customer2300229")["status"] == "locked"
    assert answered(runner, "account", "unlock", "customer2300229")["locked_at"] is None


def test_deactivating_and_reactivating(runner, muster):
    assert answered(runner, "account", "deactivate", "customer2300229")["status"] == "deactivated"
    assert answered(runner, "account", "reactivate", "customer2300229")["deactivated_at"] is None


def test_the_last_active_administrator_stays(runner, unit, muster):
    with unit() as work:
        builders.administrator(work, muster)
    refused = answered(runner, "account", "deactivate", "customer2300229", exit_code=1)
    assert refused["error"] == "last_administrator"
    assert "Max Muster (customer2300229) is the last active Customer portal administrator of customer 2300229" in refused["message"]
    assert "--even-the-last" in refused["message"]
    assert "`idp account reactivate customer2300229`" in refused["message"]


def test_the_last_active_administrator_goes_when_that_is_meant(runner, unit, muster):
    with unit() as work:
        builders.administrator(work, muster)
    assert answered(runner, "account", "deactivate", "customer2300229", "--even-the-last")["status"] == "deactivated"


def test_a_refusal_that_knows_but_an_id_is_a_sentence_all_the_same(runner, unit, muster):
    with unit() as work:
        account = builders.administrator(work, muster)
    refused = answered(runner, "account", "invite", "customer2300229", exit_code=1)
    assert refused["message"] == f"This account is active already; it needs no invitation. ({account.id})"


def test_inviting_again_replaces_the_link(runner, unit, units, muster):
    with units.read() as work:
        old = builders.link_token(work, builders.main_account(work, muster))
    answered(runner, "account", "invite", "customer2300229")
    with units.read() as work:
        assert builders.link_token(work, builders.main_account(work, muster)) != old


def test_a_customer_is_provisioned_from_a_file(runner, tmp_path):
    file = tmp_path / "document.json"
    file.write_text(json.dumps(asdict(builders.document())), encoding="utf-8")
    first = answered(runner, "customer", "provision", builders.NUMBER, str(file))
    second = answered(runner, "customer", "provision", builders.NUMBER, str(file))
    assert (first["created"], second["created"]) == (True, False)


def test_a_file_that_is_no_document_is_exit_1(runner, tmp_path):
    file = tmp_path / "document.json"
    file.write_text('{"name": "x"}', encoding="utf-8")
    assert "contracts" in answered(runner, "customer", "provision", builders.NUMBER, str(file), exit_code=1)["message"]


def test_customers_are_listed_and_shown(runner, muster):
    assert [row["customer_number"] for row in answered(runner, "customer", "list")] == [builders.NUMBER]
    shown = answered(runner, "customer", "show", builders.NUMBER)
    assert (shown["active"], shown["accounts"][0]["number"]) == (True, 1101)


def test_an_unknown_customer_is_exit_3(runner, muster):
    assert answered(runner, "customer", "show", "99", exit_code=3)["error"] == "not_found"


def test_a_policy_is_set(runner, units, unit, muster):
    with unit() as work:
        phone_admin = builders.active_account(work, muster)
    assert answered(runner, "customer", "policy", builders.NUMBER, "--pin-for-all")["pin_for_all"] is True
    with units.read() as work:
        assert accounts.find(work, phone_admin.id).confirms_by_pin


def test_without_json_a_list_is_a_table(runner, muster):
    assert runner("customer", "list").output.splitlines()[0].split() == ["customer_number", "name", "active", "pin_for_all"]
