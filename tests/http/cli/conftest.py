"""Commands whose answer is one JSON document."""

import json
from typing import Any

import pytest


@pytest.fixture
def told(runner):
    """Run a command with --json that succeeds; give its answer."""

    def run(*arguments: str) -> Any:
        result = runner(*arguments, "--json")
        assert result.exit_code == 0, result.output + result.errors
        return json.loads(result.output)

    return run


@pytest.fixture
def refused(runner):
    """Run a command with --json that fails; give exit code and error."""

    def run(*arguments: str) -> tuple[int, str]:
        result = runner(*arguments, "--json")
        return result.exit_code, json.loads(result.output)["error"]

    return run
