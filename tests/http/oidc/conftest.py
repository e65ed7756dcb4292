"""Signing keys made and parsed once for each test process: an RSA key costs half a second, and no test here is about making them."""

import itertools
from collections import defaultdict
from functools import cache
from typing import Any

import pytest

from idp.oidc.keys.jose import Algorithm, generate, load_signing_key

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
