"""Authorization details (RFC 9396): reading them, checking that an account may use what they name, narrowing.

We know one type, `cloud_phone`, whose only member is `contract`.
"""

import json
from collections.abc import Sequence
from typing import Any

from idp.directory import contracts
from idp.identifiers import AccountId
from idp.oidc.clients.clients import Client
from idp.oidc.protocol import AUTHORIZATION_DETAILS_TYPES, CLOUD_PHONE, ErrorCode, OAuthError
from idp.unit_of_work import UnitOfWork

__all__ = ["CLOUD_PHONE", "Details", "check", "held", "narrow", "parse"]

Details = tuple[dict[str, Any], ...]
_MOST = 20
_MEMBERS = {CLOUD_PHONE: {"type", "contract"}}
_LONGEST = 64


def parse(client: Client, text: str) -> Details:
    """Read the `authorization_details` parameter of a client's request, each detail once.

    Raises: OAuthError `invalid_authorization_details` for an unknown type or member, or a type not registered for the client (§5).
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _invalid("is not JSON") from error
    if not isinstance(value, list) or not 0 < len(value) <= _MOST:
        raise _invalid(f"is not an array of 1 to {_MOST} objects")
    found: list[dict[str, Any]] = []
    for detail in value:
        _check_form(client, detail)
        if detail not in found:
            found.append(detail)
    return tuple(found)


def held(work: UnitOfWork, account_id: AccountId, details: Details) -> bool:
    """Tell whether an account may use all that details name now: contract of its customer, active, granted; account active."""
    wanted = [detail["contract"] for detail in details]
    if len(wanted) < 2:
        return all(contracts.usable_cloud_phone(work, account_id, contract) for contract in wanted)
    usable = {contract.id for contract in contracts.usable(work, account_id) if contract.product == contracts.CLOUD_PHONE}
    return usable.issuperset(wanted)


def check(work: UnitOfWork, account_id: AccountId, details: Details) -> None:
    """Refuse what the account may not use now, the same whether it exists or not. Raises: OAuthError `access_denied`."""
    if not held(work, account_id, details):
        raise OAuthError(ErrorCode.ACCESS_DENIED, "the account may not use what authorization_details names")


def narrow(granted: Details, asked: Sequence[dict[str, Any]]) -> Details:
    """Give what is asked for, if all of it was granted. Raises: OAuthError `invalid_authorization_details` (§6.2)."""
    if any(detail not in granted for detail in asked):
        raise _invalid("asks for more than was granted")
    return tuple(asked)


def _check_form(client: Client, detail: Any) -> None:
    kind = detail.get("type") if isinstance(detail, dict) else None
    if kind not in AUTHORIZATION_DETAILS_TYPES:
        raise _invalid("has a member without a known type")
    if kind not in client.authorization_details_types:
        raise _invalid("has a type that is not registered for this client")
    if set(detail) - _MEMBERS[kind]:
        raise _invalid("has an unknown member")
    contract = detail.get("contract")
    if not isinstance(contract, str) or not contract.isprintable() or not 0 < len(contract) <= _LONGEST:
        raise _invalid("needs a contract")


def _invalid(problem: str) -> OAuthError:
    return OAuthError(ErrorCode.INVALID_AUTHORIZATION_DETAILS, f"authorization_details {problem}")
