"""The country of a phone number, coarse enough to be counted by."""

import phonenumbers

__all__ = ["OTHER", "country_of"]

OTHER = "other"
_COUNTED = "AD AL AT BA BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MC ME MK MT NL NO PL PT RO RS SE SI SK TR"
"""Where the carrier's customers have their mobile numbers; all others are one, so that nobody can make up labels."""


def country_of(number: str | None) -> str:
    """Give the country (ISO 3166-1) of a number in E.164."""
    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(number or ""))
    except phonenumbers.NumberParseException:
        return OTHER
    return region if region in _COUNTED.split() else OTHER
