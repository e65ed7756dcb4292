"""The alerts by Prometheus itself: its tool reads them, and lets each of them see healthy and troubled hours."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helm.building import built
from tests.helm.conftest import EVERYTHING, merged
from tests.servers import ROOT

pytestmark = pytest.mark.slow

MINUTES = 420
RUNNING: dict[str, str] = {
    'up{job="idp-metrics"}': "1",
    'idp_http_requests_total{status="200"}': "0+600",
    'idp_http_requests_total{status="503"}': "0+0",
    'idp_messages_total{kind="sms",result="sent"}': "0+20",
    'idp_messages_total{kind="sms",result="failed"}': "0+0",
    'idp_message_wait_seconds_bucket{kind="sms",le="0.5"}': "0+20",
    'idp_message_wait_seconds_bucket{kind="sms",le="60"}': "0+20",
    'idp_message_wait_seconds_bucket{kind="sms",le="+Inf"}': "0+20",
    'idp_outbox_waiting{kind="mail"}': "3",
    "idp_worker_beat_timestamp_seconds": "0+60",
    'idp_signing_key_age_seconds{alg="ES256"}': "86400+60",
    "idp_schema_behind": "0",
    'idp_signins_total{step="password",result="wrong_credentials"}': "0+6",
    'idp_pins_total{result="sent",country="DE"}': "0+20",
    'idp_pins_total{result="handed_over",country="DE"}': "0+20",
    'idp_pins_total{result="confirmed",country="DE"}': "0+18",
    'idp_database_connections_in_use{engine="primary"}': "6",
    'idp_database_connections_limit{engine="primary"}': "40",
    'idp_replica_reads_total{result="replica"}': "0+30",
    'idp_replica_reads_total{result="lagging"}': "0+0",
    "idp_password_hashes_waiting": "1",
    "idp_password_hashes_refused_total": "0+0",
}
"""An installation on a good day: each series with its value, or its start and what a minute adds."""
GONE = ""
"""A series that does not exist."""

TROUBLES: dict[str, tuple[dict[str, str], set[str]]] = {
    "a good day": ({}, set()),
    "one SMS in five fails": ({'idp_messages_total{kind="sms",result="failed"}': "0+5"}, {"IdpSmsFailing"}),
    "no SMS leaves at night": (
        {
            'idp_messages_total{kind="sms",result="sent"}': GONE,
            'idp_messages_total{kind="sms",result="failed"}': GONE,
            'idp_messages_total{kind="sms",result="uncertain"}': "0+1",
        },
        {"IdpSmsFailing"},
    ),
    "two wrong numbers at night": (
        {'idp_messages_total{kind="sms",result="sent"}': "0+0", 'idp_messages_total{kind="sms",result="failed"}': "0x410 2"},
        set(),
    ),
    "SMS wait a minute": ({'idp_message_wait_seconds_bucket{kind="sms",le="0.5"}': "0+2"}, {"IdpSmsSlow"}),
    "mails pile up": ({'idp_outbox_waiting{kind="mail"}': "51"}, {"IdpOutboxLag"}),
    "the worker hangs": ({"idp_worker_beat_timestamp_seconds": "24000"}, {"IdpWorkerGone"}),
    "no worker was ever there": ({"idp_worker_beat_timestamp_seconds": GONE}, {"IdpWorkerGone"}),
    "nobody rotates": ({'idp_signing_key_age_seconds{alg="ES256"}': "8640001"}, {"IdpSigningKeysOld"}),
    "the database is at another version": ({"idp_schema_behind": "1"}, {"IdpMigrationPending"}),
    "an upgrade of ten minutes": ({"idp_schema_behind": "0x409 1"}, set()),
    "somebody guesses": ({'idp_signins_total{step="password",result="wrong_credentials"}': "0+600"}, {"IdpSigninsRefused"}),
    "few type their PINs": (
        {'idp_pins_total{result="confirmed",country="DE"}': "0+4"},
        {"IdpPinsNotConfirmed", "IdpPinsNotConfirmedInCountry"},
    ),
    "nobody has typed a PIN since the start": (
        {'idp_pins_total{result="confirmed",country="DE"}': GONE},
        {"IdpPinsNotConfirmed", "IdpPinsNotConfirmedInCountry"},
    ),
    "one country gets no SMS": (
        {'idp_pins_total{result="handed_over",country="AT"}': "0+1", 'idp_pins_total{result="sent",country="AT"}': "0+1"},
        {"IdpPinsNotConfirmedInCountry"},
    ),
    "connections are used up": ({'idp_database_connections_in_use{engine="primary"}': "38"}, {"IdpDatabaseConnectionsUsedUp"}),
    "the replica lags": (
        {'idp_replica_reads_total{result="replica"}': "0+0", 'idp_replica_reads_total{result="lagging"}': "0+30"},
        {"IdpReplicaUnused"},
    ),
    "hashes wait": ({"idp_password_hashes_waiting": "21"}, {"IdpPasswordHashesWait"}),
    "hashes are refused": ({"idp_password_hashes_refused_total": "0+1"}, {"IdpPasswordHashesWait"}),
    "two requests in a hundred fail": (
        {'idp_http_requests_total{status="503"}': "0+12"},
        {"IdpErrorBudgetBurnsFast", "IdpErrorBudgetBurnsSlowly"},
    ),
    "eight in a thousand fail": ({'idp_http_requests_total{status="503"}': "0+4.8"}, {"IdpErrorBudgetBurnsSlowly"}),
    "three bad minutes": ({'idp_http_requests_total{status="503"}': "0x417 60 120 180"}, set()),
    "no request was ever answered": (
        {'idp_http_requests_total{status="200"}': GONE, 'idp_http_requests_total{status="503"}': GONE},
        set(),
    ),
    "no web pod answers": ({'up{job="idp-metrics"}': "0"}, {"IdpWebGone"}),
    "no web pod is there": ({'up{job="idp-metrics"}': GONE}, {"IdpWebGone"}),
    "nothing is there": (dict.fromkeys(RUNNING, GONE), {"IdpWebGone", "IdpWorkerGone"}),
}


def values_over_time(told: str) -> str:
    return told if " " in told else f"{told}x{MINUTES}"


def series_of(namespace: str, told: dict[str, str]) -> list[dict[str, str]]:
    made = []
    for name, values in told.items():
        if values != GONE:
            metric, _, labels = name.rstrip("}").partition("{")
            named = ",".join(filter(None, [f'namespace="{namespace}"', labels]))
            made.append({"series": f"{metric}{{{named}}}", "values": values_over_time(values)})
    return made


@pytest.fixture(scope="module")
def promtool() -> str:
    return built("promtool", "github.com/prometheus/prometheus/cmd/promtool", "-tags", "remove_all_sd")


@pytest.fixture(scope="module")
def rules(render, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rendered alerts as a file that Prometheus reads."""
    file = tmp_path_factory.mktemp("rules") / "rules.yaml"
    (found,) = [one for one in render("production", EVERYTHING) if one["kind"] == "PrometheusRule"]
    file.write_text(yaml.safe_dump(found["spec"]))
    return file


def alerts(render, values: dict[str, Any]) -> list[dict[str, Any]]:
    (found,) = [one for one in render("production", merged(EVERYTHING, values)) if one["kind"] == "PrometheusRule"]
    return [rule for group in found["spec"]["groups"] for rule in group["rules"]]


def fired(promtool: str, rules: Path, series: list[dict[str, str]], expected: set[str]) -> None:
    """Let the alerts see these series for seven hours; then exactly the expected ones fire."""
    asked = {
        "expr": 'group by (alertname) (ALERTS{alertstate="firing"})',
        "eval_time": f"{MINUTES}m",
        "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in sorted(expected)],
    }
    tests = [{"interval": "1m", "input_series": series, "promql_expr_test": [asked]}]
    file = rules.parent / "tests.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [rules.name], "evaluation_interval": "1m", "tests": tests}))
    done = subprocess.run([promtool, "test", "rules", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_reads_the_alerts_and_finds_nothing_to_object_to(promtool, rules):
    done = subprocess.run([promtool, "check", "rules", "--lint-fatal", str(rules)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("trouble", TROUBLES)
def test_the_right_alerts_fire_and_no_others(promtool, rules, trouble):
    changed, expected = TROUBLES[trouble]
    fired(promtool, rules, series_of("identity", RUNNING | changed), expected)


def test_each_alert_is_seen_firing(render):
    assert {alert["alert"] for alert in alerts(render, {})} == set().union(*(expected for _, expected in TROUBLES.values()))


@pytest.mark.parametrize("trouble", ["nothing is there", "two requests in a hundred fail", "nobody has typed a PIN since the start"])
def test_another_installation_neither_raises_an_alarm_nor_hides_one(promtool, rules, trouble):
    changed, expected = TROUBLES[trouble]
    fired(promtool, rules, [*series_of("identity", RUNNING), *series_of("other", RUNNING | changed)], set())
    fired(promtool, rules, [*series_of("identity", RUNNING | changed), *series_of("other", RUNNING)], expected)


def test_each_alert_names_the_page_that_says_what_to_do(render):
    for alert in alerts(render, {}):
        assert "runbook_url" not in alert["annotations"]
        assert (ROOT / alert["annotations"]["runbook"].partition("#")[0]).exists(), alert["alert"]


def test_each_alert_leads_to_its_page_where_the_pages_are_shown(render):
    here = alerts(render, {"metrics": {"rules": {"runbookUrl": "https://docs.example.com/runbooks/"}}})
    links = {alert["alert"]: alert["annotations"]["runbook_url"] for alert in here}
    assert links["IdpSigningKeysOld"] == "https://docs.example.com/runbooks/worker-gone.md#keys-grow-old"
    assert all(link.startswith("https://docs.example.com/runbooks/") for link in links.values())
