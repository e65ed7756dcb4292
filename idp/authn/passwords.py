"""Passwords: what makes a good one, and whose is which.

12 to 128 characters, counted after NFKC; no rules of composition. Strength is zxcvbn's estimate with the person's own names as
penalties. The last five, the present one among them, may not come again.
"""

import unicodedata
from dataclasses import dataclass
from threading import Lock
from typing import Any

from idp import audit
from idp.audit import Event
from idp.authn import breaches
from idp.authn.breaches import Breach
from idp.authn.devices import KNOWN_FOR
from idp.authn.hashing import Checked, Hasher, hasher, normal
from idp.authn.store import passwords as store
from idp.authn.store.passwords import Candidate, Credentials
from idp.directory import usernames
from idp.directory.accounts import Account
from idp.errors import InvalidField
from idp.identifiers import AccountId, BrowserHash
from idp.settings import Settings
from idp.texts import Text, text
from idp.unit_of_work import UnitOfWork

__all__ = [
    "Candidate",
    "Checked",
    "Credentials",
    "Hasher",
    "Judgement",
    "candidate",
    "candidate_named",
    "credentials",
    "hasher",
    "judge",
    "note_judgement",
    "personal_words",
    "set_hash",
    "upgrade",
]

SHORTEST = 12
LONGEST = 128
FIELD = "new_password"
_STRONG_ENOUGH = 3
_JUDGED = 72
"""zxcvbn's work grows with the square of the length; what is strong within so many characters stays so."""
_FORMER = 4
_REST = 8
"""So many characters have to be left when the person's own words are taken out."""
_ESTIMATING = Lock()
"""The library keeps the words to avoid in a dictionary of the whole process."""

_WARNINGS: dict[str, Text] = {
    "Straight rows of keys are easy to guess.": text("Rows of keys on the keyboard are easy to guess."),
    "Short keyboard patterns are easy to guess.": text("Short keyboard patterns are easy to guess."),
    'Repeats like "aaa" are easy to guess.': text("Repeats like “aaa” are easy to guess."),
    'Repeats like "abcabcabc" are only slightly harder to guess than "abc".': text(
        "Repeats like “abcabcabc” are hardly harder to guess than “abc”."
    ),
    'Sequences like "abc" or "6543" are easy to guess.': text("Sequences like “abc” or “6543” are easy to guess."),
    "Recent years are easy to guess.": text("Recent years are easy to guess."),
    "Dates are often easy to guess.": text("Dates are often easy to guess."),
    "This is a top-10 common password.": text("This is one of the most common passwords."),
    "This is a top-100 common password.": text("This is one of the most common passwords."),
    "This is a very common password.": text("This is one of the most common passwords."),
    "This is similar to a commonly used password.": text("This is similar to a common password."),
    "A word by itself is easy to guess.": text("A word by itself is easy to guess."),
    "Names and surnames by themselves are easy to guess.": text("Names by themselves are easy to guess."),
    "Common names and surnames are easy to guess.": text("Common names are easy to guess."),
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is wrong with a new password; none if nothing. `unchecked`: the list of breached passwords was out of reach."""

    problem: Text | None
    unchecked: bool = False

    def insist(self) -> None:
        """Go on only with a good password. Raises: InvalidField."""
        if self.problem:
            raise InvalidField(FIELD, self.problem, "password: refused")


def judge(settings: Settings, password: str, avoid: list[str], former: tuple[str, ...]) -> Judgement:
    """Judge a new password; slow, so outside of transactions.

    `avoid`: the person's own words (`personal_words`); `former`: hashes that may not come again.
    """
    chosen = normal(password)
    problem = _length_problem(chosen) or _strength_problem(chosen, avoid)
    if problem:
        return Judgement(problem)
    breach = breaches.look_up(settings, chosen)
    if breach is Breach.FOUND:
        return Judgement(text("This password is known from data breaches elsewhere. Please choose another one."))
    if hasher(settings).fits_any(chosen, former):
        return Judgement(text("You have used this password before. Please choose a new one."))
    return Judgement(None, unchecked=breach is Breach.UNKNOWN)


def personal_words(account: Account, settings: Settings) -> list[str]:
    """List what an attacker would try first for this person."""
    own = [account.given_name, account.family_name, account.username, account.email, account.email.partition("@")[0]]
    own += [account.customer_number or "", account.mobile or "", account.phone or ""]
    return [word for word in (*own, settings.brand_name, settings.brand_portal_product, settings.brand_phone_product) if word]


def credentials(work: UnitOfWork, account_id: AccountId | None) -> Credentials:
    """Give an account's hashes, present and former; for nobody it asks the same question."""
    return store.find(work.db, account_id or AccountId(""))


def candidate(work: UnitOfWork, account_id: AccountId | None, browser: BrowserHash) -> Candidate | None:
    """Give an account with what it signs in by; for nobody it asks the same question."""
    return store.candidate(work.db, account_id or AccountId(""), browser, work.now - KNOWN_FOR)


def candidate_named(work: UnitOfWork, typed: str, browser: BrowserHash) -> Candidate | None:
    """Give the same by a user name as somebody typed it; for what can't be a user name it asks the same question."""
    try:
        key = usernames.canonical(typed)
    except InvalidField:
        key = ""
    return store.candidate_named(work.db, key, browser, work.now - KNOWN_FOR)


def set_hash(work: UnitOfWork, account_id: AccountId, password_hash: str) -> None:
    """Give an account a new password; the present one joins the former ones."""
    store.put(work.db, account_id, password_hash, keep=_FORMER, now=work.now)
    audit.record(work, Event.PASSWORD_SET, account=account_id)


def upgrade(work: UnitOfWork, account_id: AccountId, checked: Checked) -> None:
    """Put a newer hash of the same password in place of an older one, unless it was changed meanwhile."""
    if checked.upgraded and checked.against:
        store.exchange(work.db, account_id, old=checked.against, new=checked.upgraded)


def note_judgement(work: UnitOfWork, account_id: AccountId, judgement: Judgement) -> None:
    """Note that a password passed without the list of breached ones."""
    if judgement.unchecked:
        audit.record(work, Event.PASSWORD_CHECK_UNAVAILABLE, account=account_id)


def _length_problem(password: str) -> Text | None:
    if len(password) < SHORTEST:
        return text("Please choose at least {shortest} characters.", shortest=SHORTEST)
    if len(password) > LONGEST:
        return text("Please choose at most {longest} characters.", longest=LONGEST)
    if any(unicodedata.category(character) == "Cc" for character in password):
        return text("Please use only characters that can be seen.")
    return None


def _strength_problem(password: str, avoid: list[str]) -> Text | None:
    from zxcvbn import zxcvbn  # noqa: PLC0415 - 12 MB of frequent words, which most processes never need

    with _ESTIMATING:
        estimate: dict[str, Any] = zxcvbn(password[:_JUDGED], user_inputs=avoid)
    own = any(found.get("dictionary_name") == "user_inputs" for found in estimate["sequence"])
    if estimate["score"] >= _STRONG_ENOUGH and not _is_mostly(password, avoid):
        return None
    if own or _is_mostly(password, avoid):
        reason = text("It contains your name, your user ID or other words that belong to you.")
    else:
        reason = _WARNINGS.get(estimate["feedback"]["warning"], text("It is easy to guess."))
    return text("This password is too weak. {reason} Four words that have nothing to do with each other make a good one.", reason=reason)


def _is_mostly(password: str, avoid: list[str]) -> bool:
    """Tell whether little is left of a password without the person's own words."""
    rest = password.casefold()
    for word in sorted(avoid, key=len, reverse=True):
        if len(word) > 2:
            rest = rest.replace(word.casefold(), "")
    return len(rest) < _REST
