"""The `claims` parameter, reduced to what has a meaning here (Core §5.5)."""

import json
from typing import Any, Never

MEMBERS = ("id_token", "userinfo")
_MOST_CLAIMS = 50
_LONGEST = 10_000
_LONGEST_NAME = 100
_LARGEST_NUMBER = 2**53


class BadClaims(ValueError):
    """Not a claims request."""


ClaimsRequest = dict[str, dict[str, dict[str, Any]]]


def parse(text: str) -> ClaimsRequest:
    """Read a claims request: members `id_token` and `userinfo`, each claim with `essential`, `value`, `values` where given.

    Unknown members are ignored, a claim asked for by null has no members. Raises: BadClaims.
    """
    if len(text) > _LONGEST:
        raise BadClaims("too long")
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadClaims("not a JSON document") from error
    if not isinstance(document, dict):
        raise BadClaims("not a JSON object")
    return {member: _claims(document[member]) for member in MEMBERS if document.get(member) is not None}


def values_of(claims: ClaimsRequest, name: str, *, essential: bool) -> tuple[str, ...]:
    """Give the texts that an ID token's claim may have, if it is asked for as essential, or as not; none at all if any will do."""
    asked = claims.get("id_token", {}).get(name, {})
    if asked.get("essential", False) is not essential:
        return ()
    values = asked["values"] if "values" in asked else [asked.get("value")]
    return tuple(value for value in values if isinstance(value, str))


def _claims(asked: Any) -> dict[str, dict[str, Any]]:
    if not isinstance(asked, dict) or len(asked) > _MOST_CLAIMS:
        raise BadClaims("a member is no object, or too large")
    return {name: _claim(name, wish) for name, wish in asked.items()}


def _claim(name: str, wish: Any) -> dict[str, Any]:
    if len(name) > _LONGEST_NAME or not _storable(name) or not (wish is None or isinstance(wish, dict)):
        raise BadClaims("a claim is asked for in a wrong form")
    members: dict[str, Any] = {}
    wish = wish or {}
    if "essential" in wish:
        if not isinstance(wish["essential"], bool):
            raise BadClaims("essential is no boolean")
        members["essential"] = wish["essential"]
    values = wish.get("values")
    if values is not None and not (isinstance(values, list) and values):
        raise BadClaims("values is no list")
    if not all(_storable(value) for value in [*(values or []), *([wish["value"]] if "value" in wish else [])]):
        raise BadClaims("a value is of a wrong kind")
    return members | {member: wish[member] for member in ("value", "values") if wish.get(member) is not None}


def _storable(value: Any) -> bool:
    """Tell whether a value is plain and can be kept by every database."""
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= c <= "\udfff" for c in value)
    return value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) < _LARGEST_NUMBER)


def _refuse_constant(name: str) -> Never:
    raise ValueError(name)
