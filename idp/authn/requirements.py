"""What a sign-in must reach, and for whom it is shown: values that the asking face hands over and gets back unread."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from idp.authn import levels
from idp.authn.store.sessions import Session
from idp.identifiers import AccountId

LONGEST_HINT = 254


@dataclass(frozen=True, slots=True)
class Requirement:
    """What the authentication must reach.

    `acr`: least level beside what the account itself demands, `acr_is_wish`: an account that cannot reach it signs in at what it can;
    `max_age`: seconds since the last authentication; `fresh`: ask whatever
    session there is (`prompt=login`, `select_account`); `staff_only`: of the carrier's own people; `account_hint`: only this account
    will do; `username_hint`: shown as typed.
    """

    acr: str | None = None
    acr_is_wish: bool = False
    max_age: int | None = None
    fresh: bool = False
    staff_only: bool = False
    account_hint: AccountId | None = None
    username_hint: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Write as a JSON document; a hint is what an app was given by anybody."""
        hint = "".join(c for c in self.username_hint or "" if c.isprintable())[:LONGEST_HINT]
        return asdict(self) | {"username_hint": hint or None}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """Read a JSON document; members of a newer version are left alone."""
        return cls(**{name: value for name, value in document.items() if name in cls.__slots__})

    def young_enough(self, session: Session, now: datetime) -> bool:
        """Tell whether a session's authentication may still be used."""
        if self.fresh or (self.account_hint and self.account_hint != session.account_id):
            return False
        return self.max_age is None or now - session.auth_time <= timedelta(seconds=self.max_age)

    def satisfied_by(self, session: Session, now: datetime, needed: str) -> bool:
        """Tell whether a session will do; `needed` is the level that the account itself demands (`levels.required_acr`)."""
        wanted = needed if self.acr_is_wish else max(self.acr or needed, needed, key=levels.rank)
        return self.young_enough(session, now) and levels.rank(session.acr) >= levels.rank(wanted)

    def level_for(self, needed: str, reachable: tuple[str, ...]) -> str | None:
        """Tell which level an account has to reach; none when it cannot. `needed` and `reachable` are of `levels`, lowest first."""
        wanted = max(self.acr or needed, needed, key=levels.rank)
        enough = [acr for acr in reachable if levels.rank(acr) >= levels.rank(wanted)]
        if enough:
            return enough[0]
        return reachable[-1] if self.acr_is_wish and levels.rank(reachable[-1]) >= levels.rank(needed) else None


@dataclass(frozen=True, slots=True)
class ShownFor:
    """The app for which a sign-in is shown; `form_action_origin` is where its forms may lead by redirects (CSP).

    `first_party` is none where no app asks but a page of ours.
    """

    app_name: str | None = None
    logo: str | None = None
    policy_uri: str | None = None
    tos_uri: str | None = None
    form_action_origin: str | None = None
    locale: str | None = None
    first_party: bool | None = None

    def as_json(self) -> dict[str, Any]:
        """Write as a JSON document."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """Read a JSON document; members of a newer version are left alone."""
        return cls(**{name: value for name, value in document.items() if name in cls.__slots__})
