"""A grant as a value: what a client may have, for whom, and how that person signed in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from idp.identifiers import AccountId, ClientId, SessionId


@dataclass(frozen=True, slots=True)
class Grant:
    """What was granted; kept with the code, then with the token family.

    No account: client credentials. `session_id` also stands in offline grants, whose tokens outlive it. `claims` is the request's
    `claims` parameter (members `id_token`, `userinfo`; Core §5.5). `dpop_jkt`: the key without which neither the code nor a refresh
    token counts (RFC 9449 §5, §10).
    """

    client_id: ClientId
    scopes: tuple[str, ...]
    account_id: AccountId | None = None
    session_id: SessionId | None = None
    authorization_details: tuple[dict[str, Any], ...] = ()
    resources: tuple[str, ...] = ()
    claims: Mapping[str, Any] = field(default_factory=dict)
    nonce: str | None = None
    acr: str | None = None
    amr: tuple[str, ...] = ()
    auth_time: datetime | None = None
    offline: bool = False
    dpop_jkt: str | None = None

    def narrowed(self, scopes: tuple[str, ...], authorization_details: tuple[dict[str, Any], ...], resources: tuple[str, ...]) -> "Grant":
        """Give a part of the grant, for one access token."""
        return replace(self, scopes=scopes, authorization_details=authorization_details, resources=resources)

    def as_json(self) -> dict[str, Any]:
        """Write as a JSON document."""
        return {
            "client_id": self.client_id,
            "scopes": list(self.scopes),
            "account_id": self.account_id,
            "session_id": self.session_id,
            "authorization_details": list(self.authorization_details),
            "resources": list(self.resources),
            "claims": dict(self.claims),
            "nonce": self.nonce,
            "acr": self.acr,
            "amr": list(self.amr),
            "auth_time": int(self.auth_time.timestamp()) if self.auth_time else None,
            "offline": self.offline,
            "dpop_jkt": self.dpop_jkt,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Grant":
        """Read what `as_json` wrote."""
        at = document["auth_time"]
        return cls(
            client_id=document["client_id"],
            scopes=tuple(document["scopes"]),
            account_id=document["account_id"],
            session_id=document["session_id"],
            authorization_details=tuple(document["authorization_details"]),
            resources=tuple(document["resources"]),
            claims=document["claims"],
            nonce=document["nonce"],
            acr=document["acr"],
            amr=tuple(document["amr"]),
            auth_time=None if at is None else datetime.fromtimestamp(at, UTC),
            offline=document["offline"],
            dpop_jkt=document["dpop_jkt"],
        )
