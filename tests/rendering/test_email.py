"""Emails: what the standard library's parser reads back is what was meant, to the byte."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from campaigns.domain.messages import Email
from campaigns.domain.steps import Channel, Purpose
from campaigns.errors import AddressInvalid
from campaigns.language import ENGLISH, speaking
from campaigns.rendering.calendar import invitation
from campaigns.rendering.email import render_email
from campaigns.rendering.encoding import quoted_printable
from campaigns.rendering.identity import read_send_token
from campaigns.rendering.variables import context
from tests.rendering.samples import EMAILS, LETTER, LIBRARY, LINKS, SENDER, START, body, letter_for, letters_for, parse

HEADERS = [
    "Date", "From", "Reply-To", "To", "Subject", "Message-ID", "MIME-Version", "List-Id", "List-Unsubscribe",
    "List-Unsubscribe-Post", "Feedback-ID", "Auto-Submitted", "X-Auto-Response-Suppress", "X-Send-Id", "Content-Type",
]  # fmt: skip
HOSTILE = [
    "Jo\r\nBcc: spy@example.com\r\n\r\n<b>x</b>",
    "Jo\n.\nQUIT",
    "\x00Jo",
    'Jo "x" <y@example.com>, z',
    "<script>alert(1)</script>",
    "\u202eevil",
    "👟" * 75,
    "x" * 300,
    "." * 300,
    "--=_",
    "{{ first_name }}",
    "half \ud83d",
]


def rendered(name: str = "confirmation", **facts: object) -> Email:
    return render_email(LIBRARY[name], letter_for(name, **facts), SENDER, LINKS)


def test_the_headers_are_these_and_each_stands_once():
    message = parse(rendered().raw)
    assert message.keys() == HEADERS
    assert message["From"] == "Harbour Clinic <class@harbour.example>"
    assert message["Subject"] == "You have a place in the runners' class"
    assert message["To"] == "jo@example.com" and message["Reply-To"] == "desk@harbour.example"
    assert message["Date"].datetime == LETTER.now
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert message["List-Id"] == "<service.harbour.example>"
    assert message["Feedback-ID"] == "c3:service:C0:harbourexample"


@pytest.mark.parametrize("name", EMAILS)
def test_one_click_stops_the_purpose_of_the_message(name):
    message, purpose = parse(rendered(name).raw), LIBRARY[name].purpose
    assert message["List-Unsubscribe"] == f"<{LINKS.stop(1234, Channel.EMAIL, purpose)}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize("name", EMAILS)
def test_both_bodies_are_read_back_unchanged(name):
    compiled = LIBRARY[name]
    for letter in letters_for(name):
        message = parse(render_email(compiled, letter, SENDER, LINKS).raw)
        with speaking(compiled.language):
            values = context(letter, SENDER, LINKS, channel=Channel.EMAIL, sources=compiled.sources)
        values |= {"subject": message["Subject"], "preheader": compiled.preheader.render(values)}
        values |= {"purpose": letter.purpose.value, "demonstration": False}
        assert body(message, "html") == compiled.html.render(values)
        assert body(message, "plain").split() == compiled.text.render(values).split()
        assert not any(part.defects for part in message.walk())


@pytest.mark.parametrize("name", EMAILS)
def test_the_bytes_need_no_change_on_any_transport(name):
    for letter in letters_for(name):
        raw = render_email(LIBRARY[name], letter, SENDER, LINKS).raw
        assert raw.isascii() and raw.endswith(b"\r\n")
        assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
        lines = raw.split(b"\r\n")
        assert not any(line.startswith(b".") for line in lines)
        assert all(len(line) <= 100 for line in lines)
        assert all(len(line) <= 76 for line in lines[lines.index(b"") :])


@pytest.mark.parametrize(
    ("name", "method"), [("confirmation", "REQUEST"), ("moved", "REQUEST"), ("withdrawn", "CANCEL")]
)
def test_a_message_about_the_date_carries_the_calendar_twice_and_identically(name, method):
    letter = letter_for(name)
    message = parse(render_email(LIBRARY[name], letter, SENDER, LINKS).raw)
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar", "application/ics",
    ]  # fmt: skip
    calendar, attachment = list(message.walk())[-2:]
    expected = invitation(letter, SENDER, LINKS, method)
    assert calendar.get_payload(decode=True) == attachment.get_payload(decode=True) == expected
    assert calendar["Content-Type"].params == {"charset": "utf-8", "method": method}
    assert "Content-Disposition" not in calendar
    assert attachment.get_filename() == "invite.ics" and attachment.is_attachment()


@pytest.mark.parametrize("name", [name for name in EMAILS if LIBRARY[name].calendar is None])
def test_every_other_message_has_two_parts_and_no_calendar(name):
    kinds = [part.get_content_type() for part in parse(rendered(name).raw).walk()]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"]


def test_only_confirmation_move_and_cancellations_touch_calendars():
    touching = {LIBRARY[name].name for name in EMAILS if LIBRARY[name].calendar is not None}
    assert touching == {"confirmation", "moved", "cancelled", "withdrawn"}


def test_a_second_attempt_later_is_the_same_message_to_a_receiver():
    first = rendered(now=START - timedelta(minutes=40))
    second = rendered(now=START - timedelta(minutes=38), attempt=2)
    assert first.raw != second.raw
    assert (first.message_id, first.envelope_from) == (second.message_id, second.envelope_from)
    assert parse(second.raw)["Message-ID"] == first.message_id


def test_the_same_letter_gives_the_same_bytes():
    assert rendered().raw == rendered().raw


def test_a_bounce_names_its_delivery():
    message = rendered()
    token = message.envelope_from.removeprefix("b+").split("@")[0]
    assert parse(message.raw)["X-Send-Id"] == token
    assert read_send_token(token, SENDER) == message.delivery_id == 4711
    assert message.envelope_from.endswith("@bounce.harbour.example")


def test_the_envelope_goes_to_the_one_recipient():
    message = rendered(recipient="jo@bücher.example")
    assert message.recipient == parse(message.raw)["To"].addresses[0].addr_spec == "jo@xn--bcher-kva.example"


@pytest.mark.parametrize("recipient", ["", "jo@example.com\r\nBcc: x@y.z", "jo@example.com, x@y.z", "jo"])
def test_a_recipient_that_is_none_is_refused(recipient):
    with pytest.raises(AddressInvalid):
        rendered(recipient=recipient)


@given(*[st.one_of(st.sampled_from(HOSTILE), st.text(max_size=300))] * 4)
@settings(max_examples=150, deadline=None)
def test_no_name_adds_a_header_a_part_or_markup(first_name, class_title, host_name, clinic_name):
    letter = replace(LETTER, first_name=first_name, class_title=class_title, host_name=host_name)
    sender = replace(SENDER, clinic_name=clinic_name)
    raw = render_email(LIBRARY["confirmation"], letter, sender, LINKS).raw
    message = parse(raw)
    assert message.keys() == HEADERS
    assert [address.addr_spec for address in message["To"].addresses] == ["jo@example.com"]
    assert [address.addr_spec for address in message["From"].addresses] == ["class@harbour.example"]
    assert [part.get_content_type() for part in message.walk()][2:] == [
        "text/plain", "text/html", "text/calendar", "application/ics",
    ]  # fmt: skip
    assert not any(part.defects for part in message.walk())
    plain = parse(rendered().raw)
    assert re.findall(r"<[a-z]+", body(message, "html")) == re.findall(r"<[a-z]+", body(plain, "html"))
    assert not re.search(rb"(?m)^\.", raw)


@example("==" + "👟" * 6)
@given(st.text(alphabet=st.sampled_from("a.=\n ä👟"), max_size=400))
def test_quoted_printable_is_narrow_and_starts_no_line_with_a_dot(text):
    encoded = quoted_printable(text)
    lines = encoded.split(b"\r\n")
    assert all(len(line) <= 76 and not line.startswith(b".") for line in lines)
    raw = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + encoded
    assert parse(raw).get_payload(decode=True) == text.replace("\n", "\r\n").encode()


def test_a_strange_step_name_or_domain_stays_inside_its_header():
    letter = letter_for("confirmation", step_key="C0: x\r\ny")
    message = parse(render_email(LIBRARY["confirmation"], letter, replace(SENDER, mail_from="a@b.cd"), LINKS).raw)
    assert message["Feedback-ID"] == "c3:service:C0xy:bcd00"


@pytest.mark.parametrize(
    ("moment", "subject"),
    [
        (-timedelta(days=11), "You have a place in the runners' class"),
        (-timedelta(minutes=60), "Your runners' class with Harbour Clinic starts in 1 hour"),
        (-timedelta(minutes=38, seconds=30), "Your runners' class with Harbour Clinic starts in 39 minutes"),
        (timedelta(minutes=4), "Your runners' class with Harbour Clinic has started"),
        (timedelta(minutes=31), "Your runners' class with Harbour Clinic is over"),
    ],
)
def test_the_confirmation_tells_people_where_the_class_stands(moment, subject):
    message = parse(rendered(now=START + moment).raw)
    assert message["Subject"] == subject
    assert (LINKS.join(1234) in body(message, "html")) is (moment < timedelta(minutes=30))


def test_whoever_changes_their_language_gets_another_message_under_another_id():
    english, spanish = rendered("moved"), rendered("moved.es")
    assert english.message_id != spanish.message_id
    assert spanish == rendered("moved.es")
    page = body(parse(spanish.raw), "html")
    assert '<html lang="es"' in page and "jueves\u00a03\u00a0de\u00a0diciembre" in page
    assert '<html lang="en"' in body(parse(english.raw), "html")


def test_a_calendar_entry_speaks_the_language_of_its_letter():
    entry = list(parse(rendered("confirmation.es").raw).walk())[-1].get_payload(decode=True)
    assert isinstance(entry, bytes)
    assert "Cambiar o cancelar: " in entry.decode() and "DESCRIPTION:Empieza en 15 minutos" in entry.decode()


def test_the_purpose_of_a_letter_names_what_its_stop_link_stops():
    stops = {
        LIBRARY[name].purpose: next(
            line for line in body(parse(rendered(name).raw), "plain").splitlines() if line.startswith("Stop ")
        ).split(" <")[0]
        for name in EMAILS
        if LIBRARY[name].language == ENGLISH
    }
    assert stops == {
        Purpose.SERVICE: "Stop emails about this class",
        Purpose.EDUCATION: "Stop the short reads",
        Purpose.MARKETING: "Stop news and offers",
    }
