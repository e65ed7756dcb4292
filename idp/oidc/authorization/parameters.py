"""The parameters of a request as they came: each at most once, without values that could not be kept (RFC 6749 §3.1)."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from idp.database import storable

KNOWN = frozenset(
    {
        "acr_values",
        "authorization_details",
        "claims",
        "claims_locales",
        "client_id",
        "code_challenge",
        "code_challenge_method",
        "display",
        "dpop_jkt",
        "id_token_hint",
        "login_hint",
        "max_age",
        "nonce",
        "prompt",
        "redirect_uri",
        "registration",
        "request",
        "request_uri",
        "response_mode",
        "response_type",
        "scope",
        "state",
        "ui_locales",
    }
)
OBJECTS = frozenset({"request", "request_uri"})
REPEATABLE = "resource"
"""RFC 8707 §2."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What was asked; `faulty` names what came twice or with signs that cannot be kept, and has no value here."""

    values: Mapping[str, str]
    resources: tuple[str, ...] = ()
    faulty: frozenset[str] = frozenset()

    def get(self, name: str) -> str | None:
        """Give a parameter's value; one sent without a value counts as left out."""
        return self.values.get(name)

    def words(self, name: str) -> tuple[str, ...]:
        """Give the words of a space-separated value, each once, in their order; spaces too many separate nothing."""
        return tuple(dict.fromkeys(filter(None, (self.values.get(name) or "").split(" "))))

    def with_id(self, client_id: str, faulty: frozenset[str] = frozenset()) -> "Parameters":
        """Give them with the client that they are known to be of."""
        return Parameters({**self.values, "client_id": client_id}, self.resources, self.faulty | faulty)

    def with_key(self, dpop_jkt: str) -> "Parameters":
        """Give them with the key that the code will be bound to."""
        return replace(self, values={**self.values, "dpop_jkt": dpop_jkt})

    def superseded_by(self, inside: "Parameters") -> "Parameters":
        """Give them with what a request object holds in their place (Core §6.3.3)."""
        return Parameters({**self.values, **inside.values}, inside.resources or self.resources, self.faulty | inside.faulty)

    def as_json(self) -> dict[str, Any]:
        """Write as a JSON document."""
        return {"values": dict(self.values), "resources": list(self.resources)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Parameters":
        """Read what `as_json` wrote."""
        return cls(document["values"], tuple(document["resources"]))


def read(pairs: Iterable[tuple[str, str]]) -> Parameters:
    """Sort a query or form: known parameters are kept, unknown ones ignored, but nothing may come twice except `resource`."""
    values: dict[str, str] = {}
    resources: list[str] = []
    seen: set[str] = set()
    faulty: set[str] = set()
    for name, value in pairs:
        if name == REPEATABLE:
            resources += [value] if value else []
        elif name in seen:
            faulty.add(name)
        seen.add(name)
        if "\x00" in value:
            faulty.add(name)
        elif name in KNOWN and value:
            values[name] = value
    kept = {name: value for name, value in values.items() if name not in faulty}
    return Parameters(kept, tuple(dict.fromkeys(resources)) if REPEATABLE not in faulty else (), frozenset(faulty))


def from_claims(claims: Mapping[str, Any]) -> Parameters:
    """Read a request object's members: texts as they are, numbers, lists and objects as JSON (RFC 9101 §4, RFC 9396 §3)."""
    values: dict[str, str] = {}
    faulty: set[str] = set()
    for name in KNOWN.intersection(claims) - OBJECTS:
        value = _text(claims[name])
        if value is None or not storable(value):
            faulty.add(name)
        elif value:
            values[name] = value
    named = claims.get(REPEATABLE)
    resources = named if isinstance(named, list) else [] if named is None else [named]
    if not all(isinstance(resource, str) and storable(resource) for resource in resources):
        return Parameters(values, (), frozenset(faulty | {REPEATABLE}))
    return Parameters(values, tuple(dict.fromkeys(filter(None, resources))), frozenset(faulty))


def _text(value: Any) -> str | None:
    """Write a member as a parameter has it; empty for null, None for what has no text."""
    if isinstance(value, str):
        return value
    try:
        return "" if value is None else json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError):
        return None
