"""Browsers that an account has completed a sign-in with, and what a person calls them."""

from datetime import timedelta

from idp.authn.store import devices as store
from idp.identifiers import AccountId, BrowserHash
from idp.unit_of_work import UnitOfWork

KNOWN_FOR = timedelta(days=90)
"""So long after a completed sign-in a browser is known (`passwords.candidate` tells)."""

_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def remember(work: UnitOfWork, account_id: AccountId, browser: BrowserHash) -> None:
    """Note a completed sign-in with this browser."""
    store.remember(work.db, account_id, browser, work.now)


def delete_expired(work: UnitOfWork, limit: int) -> int:
    """Forget browsers that are not known any more."""
    return store.delete_older(work.db, work.now - KNOWN_FOR, limit)


def label_of(user_agent: str) -> str:
    """Name a browser and its system in words, such as "Chrome, Windows"; empty for what nobody would recognise."""
    found = (next((name for sign, name in signs if sign in user_agent), "") for signs in (_BROWSERS, _SYSTEMS))
    return ", ".join(name for name in found if name)
