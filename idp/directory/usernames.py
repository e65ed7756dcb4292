"""User names: one spelling for comparing, reserved ones, free ones to suggest."""

import re
import unicodedata

from precis_i18n import get_profile

from idp.directory import limits
from idp.directory.errors import UsernameTaken
from idp.directory.store import accounts as store
from idp.errors import InvalidField
from idp.identifiers import CustomerNumber
from idp.texts import text
from idp.unit_of_work import UnitOfWork

FIELD = "username"
SHORTEST, LONGEST = 3, 64
_RESERVED = re.compile(r"customer\d+(-\d+)?")
_PROFILE = get_profile("UsernameCaseMapped")
_ROUNDS = 3
_SCRIPTS = {"LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"}
"""Alphabets with letters that look like each other's; a name of two of them imitates another (UTS 39 §5.1)."""
_SUGGESTIONS = 3

_TOO_SHORT = text("A user name has at least {shortest} characters.", shortest=SHORTEST)
_TOO_LONG = text("A user name has at most {longest} characters.", longest=LONGEST)
_SPACE = text("A user name has no spaces inside. Use a dot or a hyphen instead, for example »Admin.Telefonanlage1«.")
_SIGNS = text("This user name has characters that are not possible. Use letters, digits, dots and hyphens.")
_MIXED = text("This user name mixes letters of several alphabets that look alike. Please use the letters of one.")
_FOR_PROVISIONING = text("Names like »customer…« with a number are assigned by us. Please choose another one.")


def shown(typed: str) -> str:
    """Give the form in which a user name is kept and shown: trimmed, Unicode-normalised (NFKC), capitals kept."""
    return unicodedata.normalize("NFKC", typed).strip()


def canonical(typed: str) -> str:
    """Give the form by which user names are compared (NFKC, then PRECIS UsernameCaseMapped, RFC 8265 §3.3).

    Raises: InvalidField.
    """
    name = shown(typed)
    if any(sign.isspace() for sign in name):
        raise InvalidField(FIELD, _SPACE)
    if len(name) < SHORTEST:
        raise InvalidField(FIELD, _TOO_SHORT)
    if len(name) > LONGEST:
        raise InvalidField(FIELD, _TOO_LONG)
    return _mapped(name)


def is_reserved(key: str) -> bool:
    """Whether only provisioning may assign this name (in its compared form)."""
    return _RESERVED.fullmatch(key) is not None


def check_choosable(typed: str) -> str:
    """Give the compared form of a name that a person may choose. Raises: InvalidField."""
    key = canonical(typed)
    if is_reserved(key):
        raise InvalidField(FIELD, _FOR_PROVISIONING)
    if len({unicodedata.name(sign, "").split(" ")[0] for sign in key if sign.isalpha()} & _SCRIPTS) > 1:
        raise InvalidField(FIELD, _MIXED)
    return key


def check_available(work: UnitOfWork, typed: str, *, given_name: str = "", family_name: str = "") -> str:
    """Give the compared form of a name that nobody has; a taken one counts against the caller's tries.

    Raises: InvalidField, UsernameTaken (with free names), TooMany.
    """
    key = check_choosable(typed)
    limits.check(work, limits.TAKEN_USERNAMES, _asker(work))
    if store.taken(work.db, [key]):
        raise taken(work, typed, given_name=given_name, family_name=family_name)
    return key


def taken(work: UnitOfWork, typed: str, *, given_name: str = "", family_name: str = "") -> UsernameTaken:
    """Make the refusal of a taken name, and count it."""
    limits.count_refusal(work, limits.TAKEN_USERNAMES, _asker(work))
    return UsernameTaken(suggest(work, typed, given_name=given_name, family_name=family_name))


def suggest(work: UnitOfWork, typed: str, *, given_name: str = "", family_name: str = "") -> tuple[str, ...]:
    """Name up to three free names near a taken one."""
    stem = shown(typed)[: LONGEST - 3]
    person = f"{given_name}.{family_name}".replace(" ", "-") if given_name and family_name else ""
    wishes = [f"{stem}{number}" for number in (2, 3)] + ([person] if person else []) + [f"{stem}-{number}" for number in (4, 5)]
    keys = {key: wish for wish in wishes if (key := _possible(wish))}
    used = store.taken(work.db, list(keys))
    free = [wish for key, wish in keys.items() if key not in used]
    return tuple(free[:_SUGGESTIONS])


def for_provisioning(work: UnitOfWork, number: CustomerNumber) -> str:
    """Give a customer's reserved user name: `customer<number>`, or the next free `customer<number>-<n>`."""
    names = [f"customer{number}", *(f"customer{number}-{position}" for position in range(2, 50))]
    used = store.taken(work.db, names)
    return next(name for name in names if name not in used)


def _possible(wish: str) -> str | None:
    try:
        return check_choosable(wish)
    except InvalidField:
        return None


def _mapped(name: str) -> str:
    """Map until nothing changes any more, so that the compared form of a compared form is itself (RFC 8264 §7)."""
    for _ in range(_ROUNDS):
        try:
            mapped = unicodedata.normalize("NFKC", _PROFILE.enforce(name))
        except UnicodeEncodeError as error:
            raise InvalidField(FIELD, _SIGNS) from error
        if mapped == name:
            return mapped
        name = mapped
    raise InvalidField(FIELD, _SIGNS)


def _asker(work: UnitOfWork) -> str:
    return work.actor.id or work.actor.kind.value
