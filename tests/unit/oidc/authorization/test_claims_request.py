"""The `claims` parameter (Core §5.5)."""

import json

import pytest

from idp.oidc.authorization import claims_request


def test_core_5_5_members_are_kept_and_what_is_unknown_is_dropped() -> None:
    text = json.dumps(
        {
            "userinfo": {"email": None, "name": {"essential": True, "purpose": "x"}},
            "id_token": {"acr": {"values": ["a", "b"]}, "auth_time": {"essential": True}, "sub": {"value": "s"}},
            "other": {"x": 1},
        }
    )
    assert claims_request.parse(text) == {
        "userinfo": {"email": {}, "name": {"essential": True}},
        "id_token": {"acr": {"values": ["a", "b"]}, "auth_time": {"essential": True}, "sub": {"value": "s"}},
    }


@pytest.mark.parametrize(
    ("wish", "demanded", "wished"),
    [
        (None, (), ()),
        ({"essential": False, "value": "a"}, (), ("a",)),
        ({"values": ["a", 1, None]}, (), ("a",)),
        ({"essential": True}, (), ()),
        ({"essential": True, "value": "a"}, ("a",), ()),
        ({"essential": True, "values": ["a", "b"]}, ("a", "b"), ()),
    ],
)
def test_core_5_5_1_an_essential_claim_is_a_demand_another_a_wish(wish: dict | None, demanded: tuple, wished: tuple) -> None:
    claims = claims_request.parse(json.dumps({"id_token": {"acr": wish}}))
    assert claims_request.values_of(claims, "acr", essential=True) == demanded
    assert claims_request.values_of(claims, "acr", essential=False) == wished


@pytest.mark.parametrize(
    "text",
    [
        "", "nothing", "[]", '{"id_token": "x"}', '{"id_token": {"a": "x"}}', '{"id_token": {"a": {"value": 1.5}}}',
        '{"id_token": {"a": {"values": []}}}', '{"id_token": {"a": {"value": 9007199254740993}}}',
        '{"id_token": {"a": {"value": -Infinity}}}',
        json.dumps({"id_token": {str(number): None for number in range(51)}}), json.dumps({"id_token": {"a" * 101: None}}),
        " " * 10_001 + "{}",
    ],
)  # fmt: skip
def test_core_5_5_what_has_no_such_form_is_refused(text: str) -> None:
    with pytest.raises(claims_request.BadClaims):
        claims_request.parse(text)
