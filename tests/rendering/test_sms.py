"""Texts are plain, short, discreet and counted as billed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from campaigns.domain import segments
from campaigns.domain.tokens import Links, Signer
from campaigns.rendering.personal import Person
from campaigns.rendering.sms import cast_text, render_text, straighten
from tests.rendering.samples import LIBRARY, LINKS, SENDER, START, TEXTS, letter_for, letters_for

LONG = replace(
    SENDER, clinic_name="St. Bartholomew Harbour Clinic", public_url="https://classes.harbour-clinic.example"
)
LONG_LINKS = Links(LONG.public_url, Signer((b"a secret of the tests, nothing else",)))
LONGEST = {"registration_id": 2**40, "class_title": "Distance runners' class", "zone": "America/Argentina/Buenos_Aires"}
WEDNESDAY = START + timedelta(days=6, hours=4)


def say(name: str, **facts: object) -> str:
    return render_text(LIBRARY[name], letter_for(name, **facts), SENDER, LINKS).body


def test_the_reminder_says_the_real_distance_and_where_to_go():
    assert say("starts-soon-sms", now=START - timedelta(minutes=13, seconds=30)) == (
        "Harbour Clinic: your runners' class starts in 14 minutes, at 12:15 PM Central. Join: " + LINKS.join(1234)
    )
    assert say("starts-soon-sms", now=START + timedelta(minutes=2)) == (
        "Harbour Clinic: your runners' class has started. Join: " + LINKS.join(1234)
    )


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_no_clinician_has_approved_begins_with_saying_so(name):
    for letter in letters_for(name):
        silent = render_text(LIBRARY[name], letter, SENDER, LINKS)
        said = render_text(LIBRARY[name], replace(letter, demonstration=True), SENDER, LINKS)
        assert said == replace(silent, body=f"[Demo] {silent.body}", segments=said.segments)
        assert said.segments == segments.count(said.body).parts and segments.count(said.body).encoding == "GSM-7"


def test_the_first_text_is_a_complete_receipt_of_the_consent():
    body = say("confirmation-sms")
    assert body.startswith("Harbour Clinic Runners' Class: ") and "Thu Dec 3, 12:15 PM Central" in body
    for words in ("Up to 4 messages per event", "Msg & data rates may apply", "HELP for help", "STOP to end"):
        assert words in body


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_begins_with_the_clinic_and_ends_with_our_link(name):
    for letter in letters_for(name):
        text = render_text(LIBRARY[name], letter, SENDER, LINKS)
        assert text.body.startswith("Harbour Clinic")
        if name.startswith("code-sms"):
            # No link: whoever did not ask must have nothing to tap, and the code alone opens nothing.
            assert "http" not in text.body
            continue
        assert text.body.split()[-1] in {LINKS.join(1234), LINKS.manage(1234)}
        assert text.body.count("http") == 1


def test_the_code_stands_in_its_text_once_and_says_what_the_law_wants_in_one_part():
    for name in ("code-sms", "code-sms.es"):
        text = render_text(LIBRARY[name], letter_for(name), SENDER, LINKS)
        assert text.body.count("012345") == 1 and text.segments == 1 and len(text.body) <= 160
        assert "STOP" in text.body and "30 min" in text.body


def test_people_who_get_a_code_share_what_is_rendered_and_no_code():
    assert LIBRARY["code-sms"].shared and LIBRARY["code-sms.es"].shared
    skeleton = cast_text(LIBRARY["code-sms"], letter_for("code-sms"), SENDER, LINKS)
    texts = [skeleton.fill(Person(1, 1, "+12075550123", "Jo", code=code)).body for code in ("000001", "999999")]
    assert "000001" in texts[0] and texts[1] == texts[0].replace("000001", "999999")


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_takes_one_part_or_two_even_with_the_longest_values(name):
    for letter in letters_for(name):
        usual, longest = replace(letter, registration_id=10**6), replace(letter, **LONGEST, starts_at=WEDNESDAY)
        for text in (
            render_text(LIBRARY[name], usual, SENDER, LINKS),
            render_text(LIBRARY[name], longest, LONG, LONG_LINKS),
        ):
            assert segments.offending(text.body) == ()
            assert text.segments == segments.count(text.body).parts <= 2


@pytest.mark.parametrize("name", ["starts-soon-sms", "moved-sms", "cancelled-sms"])
def test_all_but_the_receipt_take_one_part_as_a_rule(name):
    assert all(render_text(LIBRARY[name], letter, SENDER, LINKS).segments == 1 for letter in letters_for(name)[8:])


def test_a_text_carries_what_its_receipt_will_bring_back():
    text = render_text(LIBRARY["starts-soon-sms"], letter_for("starts-soon-sms", attempt=2), SENDER, LINKS)
    assert LINKS.callback(4711, 2).endswith("/" + text.callback_token)
    assert (text.delivery_id, text.recipient) == (4711, "+12075550123")


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("Runners’ “class” – 5…", 'Runners\' "class" - 5...'),
        ("«a» ‚b‘ „c“ `d´", "\"a\" 'b' \"c\" 'd'"),
        ("a\u00a0b\u202fc\td\n\ne", "a b c d e"),
        ("a — b − c ‑ d • e", "a - b - c - d - e"),
        ("Zoë 👟", "Zoë 👟"),
    ],
)
def test_typographic_characters_become_those_that_are_billed_as_one(typed, sent):
    assert straighten(typed) == sent


def test_a_clinic_with_a_curly_apostrophe_does_not_double_the_bill():
    sender = replace(SENDER, clinic_name="St. Ann’s Clinic")
    text = render_text(LIBRARY["starts-soon-sms"], letter_for("starts-soon-sms"), sender, LINKS)
    assert text.body.startswith("St. Ann's Clinic: ") and text.segments == 1


def test_nobody_can_add_a_line_to_a_text():
    body = say("starts-soon-sms", class_title="Class\r\nJoin: https://evil.example\x00")
    assert "\n" not in body and "\r" not in body and "\x00" not in body
