"""Templates that others import know nothing of the page: so they are made once for a process, not once for each page."""

import re

import flask
import pytest
from jinja2 import meta

from idp.app import ROOT

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
IMPORT = re.compile(r"{%-?\s*(?:import|from)\s+\"([^\"]+)\"([^%]*)%}")
IMPORTED = sorted({found[1] for path in TEMPLATES for found in IMPORT.finditer(path.read_text(encoding="utf-8"))})


def test_no_template_imports_with_the_pages_context() -> None:
    assert IMPORTED
    told = [(path.name, found[2]) for path in TEMPLATES for found in IMPORT.finditer(path.read_text(encoding="utf-8"))]
    assert [name for name, rest in told if "context" in rest] == []


@pytest.mark.parametrize("name", IMPORTED)
def test_what_is_imported_needs_nothing_of_the_page(app: flask.Flask, name: str) -> None:
    source = (ROOT / "templates" / name).read_text(encoding="utf-8")
    assert meta.find_undeclared_variables(app.jinja_env.parse(source)) - set(app.jinja_env.globals) == set()
