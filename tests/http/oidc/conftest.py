"""A person who has signed in; and signing keys made and parsed once for each test process.

An RSA key costs half a second, and no test here is about making them.
"""

import itertools
from collections import defaultdict
from functools import cache
from typing import Any

import flask
import pytest

from idp.directory.accounts import Account
from idp.oidc.keys.jose import Algorithm, generate, load_signing_key
from idp.unit_of_work import Units
from tests import builders
from tests.http.oidc.browsing import Browser

_made: defaultdict[Algorithm, list[Any]] = defaultdict(list)
_parsed = cache(load_signing_key)


@pytest.fixture(autouse=True)
def keys_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each installation's n-th key of an algorithm be the same one."""
    asked: defaultdict[Algorithm, itertools.count[int]] = defaultdict(itertools.count)

    def nth(algorithm: Algorithm) -> Any:
        number = next(asked[algorithm])
        while len(_made[algorithm]) <= number:
            _made[algorithm].append(generate(algorithm))
        return _made[algorithm][number]

    monkeypatch.setattr("idp.oidc.keys.creation.generate", nth)
    monkeypatch.setattr("idp.oidc.keys.ring.load_signing_key", _parsed)


@pytest.fixture
def account(units: Units) -> Account:
    """A phone administrator."""
    with units.write() as work:
        return builders.active_account(work)


@pytest.fixture
def signed_in(app: flask.Flask, account: Account) -> Browser:
    """A browser in which the phone administrator is signed in."""
    browser = Browser(app)
    browser.with_session(account)
    return browser
