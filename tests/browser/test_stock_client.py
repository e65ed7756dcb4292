"""A certified client library signs in with nothing but issuer, client id and secret, PKCE switched on."""

import json
import subprocess
from pathlib import Path

from playwright.sync_api import Page

from tests.browser import steps
from tests.browser.stack import Stack
from tests.servers import ROOT, free_port

FOLDER = ROOT / "tests" / "stock_client"


def test_openid_client_for_node_signs_in_and_refreshes(page: Page, stack: Stack) -> None:
    callback = f"http://localhost:{free_port()}/callback"
    client = stack.command("client", "create", "--name", "Stock client", "--redirect-uri", callback, "--first-party")
    arguments = [stack.idp, client["client_id"], client["client_secret"], callback]
    user = stack.demo_user("customer2300229")
    answered: list[str] = []
    page.route(f"{callback}**", lambda route: (answered.append(route.request.url), route.fulfill(body="signed in"))[1])

    with subprocess.Popen(
        ["node", str(FOLDER / "signin.mjs"), *arguments], cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        page.goto(process.stdout.readline().strip())
        steps.sign_in(page, stack, user["username"], user["password"], user["mobile"])
        page.wait_for_url(f"{callback}**")
        output, _ = process.communicate(answered[-1] + "\n", timeout=60)

    result = json.loads(output)
    assert result["claims"]["acr"] == "urn:idp:acr:mfa"
    assert result["userinfo"]["preferred_username"] == "customer2300229"
    assert result["userinfo"]["roles"] == ["administrator-kundenportal"]
    assert result["refreshed"] is True


def test_the_library_is_the_locked_one() -> None:
    lock = json.loads(Path(FOLDER / "package-lock.json").read_text())
    installed = json.loads((FOLDER / "node_modules" / "openid-client" / "package.json").read_text())
    assert installed["version"] == lock["packages"]["node_modules/openid-client"]["version"]
