"""Metadata as text, and what a form changes of it."""

import json
from collections.abc import Mapping
from typing import Any


def as_text(metadata: Mapping[str, Any]) -> str:
    """Write metadata for reading and changing."""
    return json.dumps(dict(metadata), indent=2, ensure_ascii=False, sort_keys=True)


def changes_of(known: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Give what is said otherwise than known; an empty list where nothing is known is no change."""
    return {name: value for name, value in said.items() if known.get(name) != value and not (value in (None, []) and not known.get(name))}
