"""Names, mail addresses and phone numbers: what is taken, and the one form in which each is kept."""

import re
import unicodedata

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from idp.errors import InvalidField
from idp.identifiers import EmailAddress, PhoneNumber
from idp.texts import LOCALES, text

HOME_REGION = "DE"
"""Where a number typed without country code is at home."""

LONGEST_NAME = 100
LONGEST_SALUTATION = 20
_LONGEST_EMAIL, _LONGEST_LOCAL_PART = 254, 64
_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]"
)
_MOBILE_TYPES = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}

MISSING = text("Please fill in this field.")
_TOO_LONG = text("This entry is too long.")
_SIGNS = text("This entry has characters that are not possible.")
_NO_EMAIL = text("Please enter a complete e-mail address, for example name@example.com.")
_NO_NUMBER = text("Please enter a complete phone number with area or country code, for example +49 151 55512345.")
_NO_MOBILE = text("This is not a mobile number. The PIN by SMS needs one, for example +49 151 55512345.")
_NO_LOCALE = text("This language is not available. Possible are: {locales}.", locales=", ".join(LOCALES))


def parse_name(field: str, typed: str, *, longest: int = LONGEST_NAME, required: bool = True) -> str:
    """Give a name in the form in which it is kept: trimmed, single spaces, NFC. Raises: InvalidField."""
    name = " ".join(unicodedata.normalize("NFC", typed).split())
    if required and not name:
        raise InvalidField(field, MISSING)
    if len(name) > longest:
        raise InvalidField(field, _TOO_LONG)
    if any(unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Co", "Cn"} or sign in "<>" for sign in name):
        raise InvalidField(field, _SIGNS)
    return name


def parse_email(field: str, typed: str) -> EmailAddress:
    """Give a mail address (RFC 5321 §4.1.2, dot-strings only, ASCII). Raises: InvalidField."""
    address = typed.strip()
    if not address:
        raise InvalidField(field, MISSING)
    local_part = address.rpartition("@")[0]
    if len(address) > _LONGEST_EMAIL or len(local_part) > _LONGEST_LOCAL_PART or not _EMAIL.fullmatch(address):
        raise InvalidField(field, _NO_EMAIL)
    return EmailAddress(address)


def email_key(address: EmailAddress) -> str:
    """Give the form by which mail addresses are compared."""
    return address.casefold()


def parse_phone(field: str, typed: str) -> PhoneNumber:
    """Give a phone number in E.164. Raises: InvalidField."""
    return _e164(_parsed(field, typed))


def parse_mobile(field: str, typed: str) -> PhoneNumber:
    """Give a mobile number in E.164; a number of another type is refused. Raises: InvalidField."""
    number = _parsed(field, typed)
    if phonenumbers.number_type(number) not in _MOBILE_TYPES:
        raise InvalidField(field, _NO_MOBILE)
    return _e164(number)


def parse_locale(field: str, typed: str) -> str:
    """Give one of the languages that the product speaks. Raises: InvalidField."""
    if typed not in LOCALES:
        raise InvalidField(field, _NO_LOCALE)
    return typed


def name_key(given_name: str, family_name: str) -> str:
    """Give the form by which people are sorted and found: family name first, without accents and capitals (DIN 5007-1)."""
    return folded(f"{family_name} {given_name}")


def folded(words: str) -> str:
    """Take away accents and capitals."""
    apart = unicodedata.normalize("NFKD", words.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def _parsed(field: str, typed: str) -> phonenumbers.PhoneNumber:
    if not typed.strip():
        raise InvalidField(field, MISSING)
    try:
        number = phonenumbers.parse(typed.strip(), HOME_REGION)
    except phonenumbers.NumberParseException as error:
        raise InvalidField(field, _NO_NUMBER) from error
    if number.extension or not phonenumbers.is_valid_number(number):
        raise InvalidField(field, _NO_NUMBER)
    return number


def _e164(number: phonenumbers.PhoneNumber) -> PhoneNumber:
    return PhoneNumber(phonenumbers.format_number(number, PhoneNumberFormat.E164))
