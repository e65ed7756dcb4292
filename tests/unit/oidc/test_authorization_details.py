"""The form of authorization details."""

import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.oidc.protocol import OAuthError
from idp.oidc.tokens.authorization_details import narrow, parse

PHONE = {"type": "cloud_phone", "contract": "CP-4711"}
OTHER = {"type": "cloud_phone", "contract": "CP-4712"}


@dataclass(frozen=True)
class App:
    """What of a client decides."""

    authorization_details_types: tuple[str, ...] = ("cloud_phone",)


def error_of(text: str, app: App = App()) -> str:
    with pytest.raises(OAuthError) as refused:
        parse(app, text)  # type: ignore[arg-type]
    return refused.value.error.value


def test_rfc9396_2_details_are_read_each_once() -> None:
    assert parse(App(), json.dumps([PHONE, OTHER, PHONE])) == (PHONE, OTHER)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "{}",
        "[]",
        "null",
        "[1]",
        json.dumps(PHONE),
        '[{"contract": "CP-4711"}]',
        '[{"type": "payment", "contract": "CP-4711"}]',
        '[{"type": ["cloud_phone"], "contract": "CP-4711"}]',
        '[{"type": "cloud_phone"}]',
        '[{"type": "cloud_phone", "contract": ""}]',
        '[{"type": "cloud_phone", "contract": 4711}]',
        '[{"type": "cloud_phone", "contract": "a\\u0000b"}]',
        '[{"type": "cloud_phone", "contract": "\\ud800"}]',
        '[{"type": "cloud_phone", "contract": "CP-4711", "actions": ["call"]}]',
        json.dumps([{"type": "cloud_phone", "contract": "x" * 65}]),
        json.dumps([{"type": "cloud_phone", "contract": str(number)} for number in range(21)]),
        "[" * 50000,
    ],
)
def test_rfc9396_5_what_we_do_not_know_is_invalid(text: str) -> None:
    assert error_of(text) == "invalid_authorization_details"


def test_rfc9396_10_a_client_uses_only_types_registered_for_it() -> None:
    assert error_of(json.dumps([PHONE]), App(())) == "invalid_authorization_details"


def test_rfc9396_6_narrowing_gives_what_is_asked_for() -> None:
    assert narrow((PHONE, OTHER), [OTHER]) == (OTHER,)


def test_rfc9396_6_widening_is_refused() -> None:
    with pytest.raises(OAuthError):
        narrow((PHONE,), [PHONE, OTHER])


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda some: st.lists(some) | st.dictionaries(st.text(), some)))
def test_a_document_of_whatever_form_is_never_more_than_refused(document) -> None:
    assert error_of(json.dumps([PHONE, document])) == "invalid_authorization_details"
