"""How parameters are put onto redirect URIs."""

import pytest

from idp.oidc.authorization.answers import with_query


@pytest.mark.parametrize(
    ("uri", "result"),
    [
        ("https://app.example", "https://app.example?code=a+b%26c"),
        ("https://app.example/cb", "https://app.example/cb?code=a+b%26c"),
        ("https://app.example/cb?", "https://app.example/cb?code=a+b%26c"),
        ("https://app.example/cb?x=1", "https://app.example/cb?x=1&code=a+b%26c"),
        ("https://app.example/cb?x=1&", "https://app.example/cb?x=1&code=a+b%26c"),
        ("com.example.app:/cb", "com.example.app:/cb?code=a+b%26c"),
    ],
)
def test_rfc6749_3_1_2_parameters_are_added_and_a_query_is_kept(uri: str, result: str) -> None:
    assert with_query(uri, {"code": "a b&c"}) == result


def test_nothing_is_added_where_there_is_nothing_to_say() -> None:
    assert with_query("https://app.example/cb", {}) == "https://app.example/cb"
