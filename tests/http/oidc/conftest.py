"""Signing keys made once for each test process: RSA keys cost half a second of computing each, and no test here is about making them."""

import itertools
from collections import defaultdict
from typing import Any

import pytest

from idp.oidc.keys.jose import Algorithm, generate

_made: defaultdict[Algorithm, list[Any]] = defaultdict(list)


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
