"""Times and numbers as people read them, in the reader's language."""

from datetime import datetime
from zoneinfo import ZoneInfo

import phonenumbers
from babel.dates import format_datetime

_GERMANY = 49
_LONGEST_GROUP = 4
_TIME = {"de": "EEE, dd.MM.yyyy, HH:mm 'Uhr'", "en": "EEE, d MMM yyyy, HH:mm"}
_DATE = {"de": "dd.MM.yyyy", "en": "d MMM yyyy"}


def time_text(when: datetime, locale: str, timezone: str) -> str:
    """Write an instant as »Di., 24.11.2026, 10:14 Uhr« or "Tue, 24 Nov 2026, 10:14"."""
    return format_datetime(when.astimezone(ZoneInfo(timezone)), _TIME[locale], locale=locale)


def date_text(when: datetime, locale: str, timezone: str) -> str:
    """Write the day of an instant as »24.11.2026« or "24 Nov 2026"."""
    return format_datetime(when.astimezone(ZoneInfo(timezone)), _DATE[locale], locale=locale)


def phone_text(number: str) -> str:
    """Write an E.164 number in groups, as it is read aloud: `+49 151 555 123 4567`; what is no number stays as it is."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    national = str(parsed.national_number)
    if parsed.country_code == _GERMANY and national.startswith("1"):  # mobile; the library cuts the prefix to 2, 3 or 4 digits
        return f"+{_GERMANY} {national[:3]} {' '.join(_in_groups(national[3:]))}"
    written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return " ".join(part for group in written.split(" ") for part in _in_groups(group))


def masked_phone(number: str) -> str:
    """Show only the last four digits of a number: `…4567`."""
    return "…" + number[-4:]


def _in_groups(digits: str) -> list[str]:
    """Cut a long run of digits into groups of three or four, the longer ones last."""
    if len(digits) <= _LONGEST_GROUP or not digits.isdigit():
        return [digits]
    count = -(-len(digits) // _LONGEST_GROUP)
    size, longer = divmod(len(digits), count)
    groups, start = [], 0
    for index in range(count):
        end = start + size + (index >= count - longer)
        groups.append(digits[start:end])
        start = end
    return groups
