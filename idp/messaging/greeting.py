"""How a mail greets."""

import re

from idp.texts import Text, text

HERR = {"herr", "mr", "mr."}
FRAU = {"frau", "ms", "ms.", "mrs", "mrs."}

# Anybody can enter a name on the login page and have a mail sent; a name that a mail program would show as a link is not repeated.
_LIKE_A_LINK = re.compile(r"[/:@<>]|\w\.\w")


def greeting(salutation: str, given_name: str, family_name: str) -> Text:
    """Greet by the family name where the salutation is known, else by the full name."""
    name = f"{given_name} {family_name}".strip()
    if not name or _LIKE_A_LINK.search(name):
        return text("Hello,")
    known = salutation.strip().lower()
    if known in HERR:
        return text("Dear Mr {family_name},", family_name=family_name)
    if known in FRAU:
        return text("Dear Ms {family_name},", family_name=family_name)
    return text("Dear {name},", name=name)
