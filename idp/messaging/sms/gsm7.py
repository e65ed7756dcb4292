"""The GSM 7-bit alphabet (3GPP TS 23.038 §6.2.1): what fits into one SMS."""

ONE_SEGMENT = 160

_BASIC = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = set("\f^{}\\[~]|€")


def septets(text: str) -> int | None:
    """Count the 7-bit units of a text; none when it holds a character that needs UCS-2."""
    if not set(text) <= _BASIC | _EXTENDED:
        return None
    return sum(2 if character in _EXTENDED else 1 for character in text)
