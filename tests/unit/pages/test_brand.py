"""The brand colour stays readable whatever the settings say."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.pages import brand
from tests.unit.pages import theme

colors = st.builds("#{:02x}{:02x}{:02x}".format, *[st.integers(0, 255)] * 3)


def properties(color: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{6})", brand.style_sheet(color)))


def test_contrast_of_black_on_white_is_21() -> None:
    assert brand.contrast("#000000", "#ffffff") == pytest.approx(21)


@given(colors)
def test_any_brand_colour_reads_on_light_surfaces_and_carries_white_text(color: str) -> None:
    light = properties(color)["brand-light"]
    surfaces = ("#ffffff", "#f4f6f8", properties(color)["brand-light-soft"])
    assert min(brand.contrast(light, surface) for surface in surfaces) >= 4.5


@given(colors)
def test_any_brand_colour_reads_on_dark_surfaces_and_carries_dark_text(color: str) -> None:
    dark = properties(color)["brand-dark"]
    surfaces = ("#11161c", "#1a212a", "#222b36", "#0d1218", properties(color)["brand-dark-soft"])
    assert min(brand.contrast(dark, surface) for surface in surfaces) >= 4.5


@given(colors)
def test_hovering_never_loses_contrast(color: str) -> None:
    found = properties(color)
    assert brand.contrast(found["brand-light-hover"], "#ffffff") >= 4.5
    assert brand.contrast(found["brand-dark-hover"], "#0d1218") >= 4.5


def test_a_brand_colour_that_is_dark_enough_stays_as_it_is() -> None:
    assert properties("#0a5b66")["brand-light"] == "#0a5b66"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("tone", ["good", "warn", "bad", "info"])
def test_each_meaning_reads_on_its_own_soft_surface(scheme: str, tone: str) -> None:
    assert brand.contrast(theme.color(tone, scheme), theme.color(f"{tone}-soft", scheme)) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("surface", ["page", "surface", "sunken", "raised"])
@pytest.mark.parametrize("text", ["ink", "ink-soft", "bad"])
def test_text_reads_on_each_surface(scheme: str, surface: str, text: str) -> None:
    assert brand.contrast(theme.color(text, scheme), theme.color(surface, scheme)) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_edge_of_a_field_is_seen(scheme: str) -> None:
    """WCAG 2.2 §1.4.11: 3:1 for the parts that identify a control."""
    assert brand.contrast(theme.color("line-strong", scheme), theme.color("surface", scheme)) >= 3
