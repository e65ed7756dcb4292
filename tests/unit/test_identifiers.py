"""Identifiers made by chance."""

import pytest

from idp import identifiers


def test_an_id_is_never_taken_for_an_option_of_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    made = iter(["-rU2n8vTq0K1w5xYzAbCdE", "--2n8vTq0K1w5xYzAbCdEf", "rU2n8vTq0K1w5xYzAbCdE-"])
    monkeypatch.setattr(identifiers.secrets, "token_urlsafe", lambda _: next(made))
    assert identifiers.new_id() == "rU2n8vTq0K1w5xYzAbCdE-"
