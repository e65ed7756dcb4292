"""SMS at a server that plays Vonage's API: exactly one POST, and what each answer means."""

import threading
from base64 import b64encode
from datetime import timedelta

import pytest

from idp.messaging.sms.vonage import VonageSender
from idp.outbox.senders import Failed, Retry, Sent, Uncertain
from tests.http.messaging.conftest import NOON, sms_job


@pytest.fixture
def sender(vonage_settings, clock):
    return VonageSender(vonage_settings, clock)


def test_an_sms_is_one_authenticated_post_in_the_providers_form(vonage, sender):
    outcome = sender.send(sms_job(useless_after=NOON + timedelta(minutes=5)))
    (post,) = vonage.received
    assert outcome == Sent("0A0000000123ABCD1")
    assert post.path == "/sms/json"
    assert post.authorization == "Basic " + b64encode(b"key:vonage secret").decode()
    text = post.form.pop("text")
    assert text.endswith("\n@login.example #2623565")
    assert post.form == {"to": "4915112345678", "from": "eservice", "type": "text", "client-ref": "job-2", "ttl": "300000"}


def test_the_networks_try_no_longer_than_the_pin_lives_and_at_least_what_the_provider_allows(vonage, sender):
    sender.send(sms_job(useless_after=NOON + timedelta(seconds=3)))
    assert vonage.received[0].form["ttl"] == "20000"


def test_a_text_outside_the_gsm_alphabet_is_marked_as_unicode(vonage, vonage_settings, clock):
    settings = vonage_settings.model_copy(update={"brand_portal_product": "e–service"})
    VonageSender(settings, clock).send(sms_job())
    assert vonage.received[0].form["type"] == "unicode"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("1", Retry),
        ("3", Failed),
        ("4", Failed),
        ("5", Uncertain),
        ("6", Failed),
        ("7", Failed),
        ("8", Failed),
        ("9", Failed),
        ("http-401", Failed),
        ("http-429", Retry),
        ("http-500", Uncertain),
        ("http-503", Uncertain),
        ("closes", Uncertain),
        ("silent", Uncertain),
        ("no-json", Uncertain),
        ("redirects", Uncertain),
    ],
)
def test_each_answer_has_its_meaning_after_exactly_one_post(vonage, sender, answer, kind):
    vonage.answers = [answer]
    outcome = sender.send(sms_job())
    assert isinstance(outcome, kind)
    assert len(vonage.received) == 1
    assert "2623565" not in outcome.error
    assert "4915112345678" not in outcome.error


def test_a_throttled_pin_is_tried_again_within_a_second(vonage, sender):
    vonage.answers = ["1"]
    assert sender.send(sms_job()).after == timedelta(seconds=1)


def test_an_untrusted_certificate_gets_no_sms(vonage, vonage_settings, clock):
    settings = vonage_settings.model_copy(update={"vonage_ca_file": ""})
    assert isinstance(VonageSender(settings, clock).send(sms_job()), Retry)
    assert vonage.received == []


def test_a_provider_that_is_not_there_is_tried_again(vonage_settings, clock, free_port):
    settings = vonage_settings.model_copy(update={"vonage_host": f"localhost:{free_port()}"})
    assert isinstance(VonageSender(settings, clock).send(sms_job()), Retry)


def test_sms_of_several_threads_do_not_mix(vonage, vonage_settings, clock):
    sender = VonageSender(vonage_settings.model_copy(update={"vonage_timeout_seconds": 20}), clock)
    numbers = [f"+49151123456{n:02}" for n in range(12)]
    threads = [
        threading.Thread(target=sender.send, args=(sms_job(payload={"to": number}, secret={"pin": "20000" + number[-2:]}),))
        for number in numbers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    arrived = sorted((post.form["to"][-2:], post.form["text"][-2:]) for post in vonage.received)
    assert arrived == [(number[-2:], number[-2:]) for number in numbers]


def test_neither_text_nor_number_is_logged(vonage, sender, caplog):
    vonage.answers = ["http-500"]
    with caplog.at_level("DEBUG"):
        sender.send(sms_job())
        sender.send(sms_job())
    assert "2623565" not in caplog.text
    assert "15112345678" not in caplog.text
