"""Texts for people as message ids, rendered late in the reader's language; needs no request.

The message id is the English text. German stands in `idp/translations/de/LC_MESSAGES/*.po`, one file for each area,
merged here into one catalogue that pages, mails and errors share.
"""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from babel.support import NullTranslations, Translations

TRANSLATIONS = Path(__file__).parent / "translations"
LOCALES = ("de", "en")


@dataclass(frozen=True, slots=True)
class Text:
    """A message id with its values."""

    message: str
    values: dict[str, Any] = field(default_factory=dict)

    def render(self, locale: str) -> str:
        """Put the text into the language; a value that is a text itself is rendered too."""
        translated = str(catalogue(locale).gettext(self.message))
        if not self.values:
            return translated
        shown = {k: v.render(locale) if isinstance(v, Text) else v for k, v in self.values.items()}
        return translated.format(**shown)

    def __str__(self) -> str:
        return self.render("en")


def text(message: str, /, **values: Any) -> Text:
    """Mark an English text for translation; values stand in it as `{name}`."""
    return Text(message, values)


@cache
def catalogue(locale: str) -> NullTranslations:
    """Give the merged catalogue of a language; English is the message ids themselves."""
    merged: NullTranslations = NullTranslations()
    folder = TRANSLATIONS / locale / "LC_MESSAGES"
    for file in sorted(folder.glob("*.mo")):
        loaded = Translations.load(str(TRANSLATIONS), [locale], file.stem)
        if isinstance(merged, Translations) and isinstance(loaded, Translations):
            merged.merge(loaded)
        else:
            merged = loaded
    return merged
