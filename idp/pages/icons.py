"""Icons of the Bootstrap Icons set, drawn into the page; the set's own file of a megabyte is never sent."""

import re
from functools import cache
from pathlib import Path

import flask_bootstrap
from markupsafe import Markup

BOOTSTRAP = Path(flask_bootstrap.__file__).parent / "static" / flask_bootstrap.Bootstrap5.static_folder
_SYMBOL = r'<symbol class="[^"]*" viewBox="([^"]*)" id="{name}">(.*?)</symbol>'


@cache
def icon(name: str) -> Markup:
    """Draw an icon that means nothing to a screen reader; the word beside it does. Raises: KeyError."""
    sprite = (BOOTSTRAP / "icons" / "bootstrap-icons.svg").read_text(encoding="utf-8")
    found = re.search(_SYMBOL.format(name=re.escape(name)), sprite, re.DOTALL)
    if not found:
        raise KeyError(f"no icon {name}")
    box, shape = found.groups()
    return Markup('<svg class="icon" viewBox="{}" aria-hidden="true" focusable="false">{}</svg>').format(
        box,
        Markup(shape),  # noqa: S704 (from the installed package, not from a caller)
    )
