"""Compile the German texts, and check that they and the code fit each other.

translations.py compile [FILE.po …]
translations.py check
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

GERMAN = Path("idp/translations/de/LC_MESSAGES")
PYTHON_MARKERS = {"text": "idp.texts", "gettext": "flask_babel", "lazy_gettext": "flask_babel", "_": "flask_babel"}
TEMPLATE_MARKERS = ("_", "gettext", "ngettext", "pgettext")
PLACEHOLDER = re.compile(r"\{(\w*)[^{}]*\}|%\((\w+)\)s")


def read(file: Path) -> Catalog:
    """Read one area's German texts; a mistake in the file's form is an error."""
    with file.open("rb") as opened:
        return read_po(opened, locale="de", domain=file.stem, abort_invalid=True)


def compile_texts(files: list[Path]) -> None:
    """Write the .mo beside each .po."""
    for file in files:
        target = file.with_suffix(".mo")
        passing = target.with_suffix(".mo.new")
        with passing.open("wb") as opened:
            write_mo(opened, read(file))
        passing.replace(target)


def used_in_python(file: Path) -> Iterator[tuple[str, str]]:
    """Yield each message id that a module marks, with its place; a computed one is a problem."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    marked = {
        name.asname or name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for name in node.names
        if PYTHON_MARKERS.get(name.name) == node.module
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in marked and node.args:
            place = f"{file}:{node.lineno}"
            if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
                yield node.args[0].value, place
            else:
                PROBLEMS.append(f"{place}: the message id is computed; nobody can translate it")


def used_in_template(file: Path) -> Iterator[tuple[str, str]]:
    """Yield each message id that a template marks, with its place."""
    with file.open("rb") as opened:
        options = {"trimmed": "true", "silent": "false", "extensions": "jinja2.ext.do"}
        for line, _, found, _ in babel_extract(opened, TEMPLATE_MARKERS, (), options):
            for message in (found,) if isinstance(found, str) else found:
                if message:
                    yield message, f"{file}:{line}"


def used() -> dict[str, str]:
    """Collect all message ids of the product, each with the first place that uses it."""
    places: dict[str, str] = {}
    for file in sorted(Path("idp").rglob("*.py")):
        if file != Path("idp/texts.py"):
            places = dict(used_in_python(file)) | places
    for pattern in ("*.html", "*.txt", "*.jinja", "*.j2"):
        for file in sorted(Path("templates").rglob(pattern)):
            places = dict(used_in_template(file)) | places
    return places


def placeholders(message: str) -> set[str]:
    """Name the values that a text shows."""
    return {named or percent for named, percent in PLACEHOLDER.findall(message)}


def check_entry(file: Path, entry: Message, needed: dict[str, str]) -> Iterator[str]:
    """Yield what is wrong with one German entry."""
    ids = entry.id if isinstance(entry.id, tuple) else (entry.id,)
    strings = entry.string if isinstance(entry.string, tuple) else (entry.string,)
    place = f"{file}:{entry.lineno}"
    if not any(one in needed for one in ids):
        yield f"{place}: nothing uses “{ids[0]}”"
    if entry.fuzzy or not all(strings):
        yield f"{place}: “{ids[0]}” has no German text"
    for string in strings:
        if string and placeholders(string) != placeholders(ids[-1]):
            yield f"{place}: the values of “{ids[-1]}” and of its German text differ"


def check() -> None:
    """Collect every problem of code and catalogues."""
    needed = used()
    german: dict[str, dict[str, Path]] = defaultdict(dict)
    for file in sorted(GERMAN.glob("*.po")):
        for entry in read(file):
            if not entry.id:
                continue
            PROBLEMS.extend(check_entry(file, entry, needed))
            for one in entry.id if isinstance(entry.id, tuple) else (entry.id,):
                german[one][str(entry.string)] = file
    for message, texts in german.items():
        if len(texts) > 1:
            PROBLEMS.append(f"“{message}” has different German texts in {', '.join(str(file) for file in texts.values())}")
    PROBLEMS.extend(f"{place}: “{message}” has no German text" for message, place in needed.items() if message not in german)


PROBLEMS: list[str] = []

if __name__ == "__main__":
    match sys.argv[1:]:
        case ["compile", *named]:
            compile_texts([Path(name) for name in named] or sorted(GERMAN.glob("*.po")))
        case ["check"]:
            check()
        case _:
            sys.exit(__doc__)
    print("\n".join(sorted(PROBLEMS)), end="\n" if PROBLEMS else "")
    sys.exit(bool(PROBLEMS))
