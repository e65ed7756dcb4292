"""The parameters of a request as they came: each at most once, without values that could not be kept (RFC 6749 §3.1)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

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
REPEATABLE = "resource"
"""RFC 8707 §2."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What was asked; `faulty` names what came twice or with a NUL character, and has no value here."""

    values: Mapping[str, str]
    resources: tuple[str, ...] = ()
    faulty: frozenset[str] = frozenset()

    def get(self, name: str) -> str | None:
        """Give a parameter's value; one sent without a value counts as left out."""
        return self.values.get(name)

    def words(self, name: str) -> tuple[str, ...]:
        """Give the words of a space-separated value, each once, in their order."""
        return tuple(dict.fromkeys((self.values.get(name) or "").split(" "))) if self.values.get(name) else ()

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
