"""Check that no file and no function outgrows one subject: 400 lines a file, 50 a function, 25 a view."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

FILE, FUNCTION, VIEW = 400, 50, 25
FOLDERS = ("idp", "clients", "tests", "bench", ".ci")
ROUTES = {"route", "get", "post", "put", "patch", "delete"}
BLUEPRINTS = ("blueprint", "app", "bp")


def is_view(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Tell whether a function is registered at a route."""
    for decorator in function.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(called, ast.Attribute) and called.attr in ROUTES and isinstance(called.value, ast.Name):
            return called.value.id.endswith(BLUEPRINTS)
    return False


def too_long(file: Path) -> Iterator[str]:
    """Yield what is too long in one file; a function counts from its `def`, its docstring with it."""
    source = file.read_text(encoding="utf-8")
    lines = source.count("\n")
    if lines > FILE:
        yield f"{file}: {lines} lines, {FILE} are allowed"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            allowed = VIEW if is_view(node) and file.parts[0] != "tests" else FUNCTION
            if length > allowed:
                yield f"{file}:{node.lineno}: {node.name} has {length} lines, {allowed} are allowed"


if __name__ == "__main__":
    files = [file for folder in FOLDERS for file in sorted(Path(folder).rglob("*.py")) if "versions" not in file.parts]
    problems = [problem for file in files for problem in too_long(file)]
    print("\n".join(problems), end="\n" if problems else "")
    sys.exit(bool(problems))
