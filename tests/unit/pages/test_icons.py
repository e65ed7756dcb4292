"""Icons are drawn from the installed package."""

import pytest

from idp.pages.icons import icon


def test_an_icon_is_hidden_from_screen_readers() -> None:
    assert 'aria-hidden="true"' in icon("check-circle-fill")


def test_an_icon_has_a_shape() -> None:
    assert "<path" in icon("person-plus")


def test_an_unknown_icon_is_noticed() -> None:
    with pytest.raises(KeyError):
        icon("no-such-icon")
