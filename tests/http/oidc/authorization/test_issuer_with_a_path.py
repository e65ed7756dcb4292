"""An issuer whose address has a path: every step stays below it."""

from urllib.parse import urlencode, urlsplit

import pytest

from idp.directory.accounts import Account
from idp.settings import Settings
from tests.conftest import make_settings
from tests.http.oidc.browsing import Browser, answered, asking


@pytest.fixture
def settings(database: str, tmp_path) -> Settings:
    """The provider below a path."""
    return make_settings(database, tmp_path, issuer="http://localhost/sso")


def test_a_sign_in_below_a_path_comes_back_with_a_code_and_the_whole_issuer(visitor: Browser, account: Account) -> None:
    begun = visitor.get("/sso/authorize?" + urlencode(asking()))
    assert urlsplit(begun.location).path.startswith("/sso/signin/")
    done = visitor.sign_in(begun, account)
    assert urlsplit(done.location).path.startswith("/sso/authorize/")
    answer = answered(visitor.get(done.location))
    assert answer["iss"] == "http://localhost/sso"
    assert answer["code"]


def test_a_posted_request_and_a_logout_stay_below_the_path(visitor: Browser) -> None:
    assert urlsplit(visitor.post("/sso/authorize", asking()).location).path.startswith("/sso/authorize/")
    assert urlsplit(visitor.post("/sso/end-session").location).path == "/sso/end-session"
