"""No log line holds a password, a PIN, a token or a full phone number, whoever wrote it."""

import json
import logging

import pytest
import structlog

from idp.operations import logs

TOKEN = "Zk3vT0p9QmWq8yXc2LsR7uHnBd5FgJ1aEoI4tUwYxKs"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhYmMifQ.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "name", ["password", "new_password", "pin", "code", "access_token", "client_secret", "code_verifier", "Authorization"]
)
def test_a_value_under_a_secret_name_is_hidden(name):
    assert logs.redact(None, "info", {name: "1234567"}) == {name: logs.HIDDEN}


def test_a_secret_name_deep_in_a_value_counts_too():
    assert logs.redact(None, "info", {"form": {"username": "max", "pin": "1234567"}}) == {"form": {"username": "max", "pin": logs.HIDDEN}}


@pytest.mark.parametrize("name", ["exit_code", "status_code", "endpoint", "client_id", "pid"])
def test_a_harmless_name_is_kept(name):
    assert logs.redact(None, "info", {name: "7"}) == {name: "7"}


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        (f"GET /activation/{TOKEN} 200", TOKEN),
        (f"GET /password-reset/{TOKEN}", TOKEN),
        ("GET /authorize?client_id=portal&state=af0ifjsldkj HTTP/1.1", "af0ifjsldkj"),
        ("redirect to http://localhost:8001/oidc/callback?code=SplxlOBeZQQYbYS6WxSbIA&iss=x", "SplxlOBeZQQYbYS6WxSbIA"),
        ("grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA", "tGzv3JOkF0XG5Qx2TlKWIA"),
        ("pin=1234567&csrf_token=abc", "1234567"),
        (f"Authorization: Bearer {JWT}", JWT),
        (f"id token {JWT} refused", JWT),
        ("sms to +49 151 23456789 failed", "15123456789"),
        ("sms to +4915123456789 failed", "4915123456"),
        ("duplicate key\nDETAIL:  Key (email_key)=(max.muster@example.com) already exists.\n[SQL: …]", "max.muster"),
        ("cannot connect to postgresql://idp:hunter2@db/idp", "hunter2"),
    ],
)
def test_a_secret_inside_a_text_is_cut_out(line, secret):
    assert secret not in logs.clean(line).replace(" ", "" if secret.isdigit() else " ")


def test_the_last_four_digits_of_a_number_stay():
    assert logs.clean("sms to +4915123456789 failed") == "sms to …6789 failed"


@pytest.mark.parametrize("line", ["2026-03-02T12:00:00+01:00", "took 1234567 µs", "invitation 7f3k scheduled", "contract CP-4711"])
def test_what_is_no_secret_stays_readable(line):
    assert logs.clean(line) == line


def test_lines_of_the_product_are_one_json_object_each(capsys):
    structlog.get_logger("idp.test").info("mail_sent", job_id="j1", token=TOKEN)
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["job_id"], line["token"], line["level"]) == ("mail_sent", "j1", logs.HIDDEN, "info")


def test_a_librarys_line_and_its_traceback_pass_the_same_nets(capsys):
    try:
        raise ValueError(f"bad token {JWT}")
    except ValueError:
        logging.getLogger("some.library").exception("sending to %s failed", "+4915123456789")
    written = capsys.readouterr().err
    assert "ValueError" in json.loads(written)["exception"]
    assert JWT not in written
    assert "15123456789" not in written


def test_a_line_whose_writer_calls_it_harmless_is_written_without_saying_so(capsys):
    logs.set_up("INFO")
    structlog.get_logger("test").info("request", route="/token", harmless=True)
    line = json.loads(capsys.readouterr().err)
    assert (line["route"], "harmless" in line) == ("/token", False)
