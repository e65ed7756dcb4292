"""Reads the colours out of the theme, as the style sheet states them."""

import re
from pathlib import Path

import idp.pages

SHEET = (Path(idp.pages.__file__).parent / "static" / "theme.css").read_text(encoding="utf-8")


def color(name: str, scheme: str) -> str:
    """Give a colour of the light or dark theme."""
    found = re.search(rf"--{name}: var\(--L, (#[0-9a-f]{{6}})\) var\(--D, (#[0-9a-f]{{6}})\)", SHEET)
    assert found, name
    return found[1] if scheme == "light" else found[2]
