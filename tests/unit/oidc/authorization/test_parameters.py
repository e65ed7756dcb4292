"""Parameters as they come."""

import pytest

from idp.oidc.authorization import parameters
from idp.oidc.authorization.parameters import Parameters


def test_rfc6749_3_1_a_parameter_without_a_value_counts_as_left_out() -> None:
    assert parameters.read([("scope", ""), ("state", "s")]).get("scope") is None


def test_unknown_parameters_are_not_kept() -> None:
    assert parameters.read([("client_secret", "x"), ("foo", "y")]).values == {}


@pytest.mark.parametrize("pairs", [[("state", "a"), ("state", "b")], [("state", "a"), ("state", "")], [("x", "1"), ("x", "2")]])
def test_rfc6749_3_1_what_comes_twice_has_no_value_and_is_named(pairs: list[tuple[str, str]]) -> None:
    read = parameters.read(pairs)
    assert (read.get(pairs[0][0]), read.faulty) == (None, {pairs[0][0]})


def test_rfc8707_2_resource_may_come_several_times() -> None:
    read = parameters.read([("resource", "https://a"), ("resource", "https://b"), ("resource", "https://a")])
    assert (read.resources, read.faulty) == (("https://a", "https://b"), frozenset())


def test_a_value_that_no_database_takes_is_named() -> None:
    assert parameters.read([("resource", "https://a\x00"), ("nonce", "\x00")]) == Parameters({}, (), frozenset({"resource", "nonce"}))


def test_words_come_once_and_in_their_order() -> None:
    assert parameters.read([("scope", "openid email openid")]).words("scope") == ("openid", "email")


def test_kept_parameters_come_back_as_they_were() -> None:
    read = parameters.read([("state", "ä"), ("resource", "https://a")])
    assert Parameters.from_json(read.as_json()) == read
