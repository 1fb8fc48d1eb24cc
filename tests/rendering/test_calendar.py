"""Calendar entries: golden files, read back by another program."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import AddressInvalid
from campaigns.rendering.calendar import invitation, publication
from campaigns.rendering.variables import one_line
from tests.rendering.samples import LETTER, LINKS, SENDER, START

GOLDEN = Path(__file__).with_name("golden")
MOVED = replace(
    LETTER, starts_at=START + timedelta(days=3), ends_at=START + timedelta(days=3, minutes=30), calendar_sequence=1
)
FREE_TEXT = st.text(max_size=120)


def public(**facts: object) -> bytes:
    known: dict[str, object] = {
        "session_id": 7,
        "class_title": LETTER.class_title,
        "starts_at": START,
        "ends_at": LETTER.ends_at,
        "sequence": 0,
        "cancelled": False,
        "now": LETTER.now,
        "sender": SENDER,
    }
    return publication(**(known | facts))  # type: ignore[arg-type]  # the names are its own


ENTRIES = {
    "request.ics": invitation(LETTER, SENDER, LINKS, "REQUEST"),
    "moved.ics": invitation(MOVED, SENDER, LINKS, "REQUEST"),
    "cancel.ics": invitation(replace(MOVED, calendar_sequence=2), SENDER, LINKS, "CANCEL"),
    "publish.ics": public(),
    "publish-cancelled.ics": public(cancelled=True, sequence=1),
}


def event(raw: bytes) -> icalendar.Event:
    calendar = icalendar.Calendar.from_ical(raw)
    (found,) = calendar.walk("VEVENT")
    assert not calendar.errors and not found.errors
    return found


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_is_byte_for_byte_the_golden_file(name):
    path = GOLDEN / name
    if os.environ.get("WRITE_GOLDEN"):
        path.write_bytes(ENTRIES[name])
    assert ENTRIES[name] == path.read_bytes()


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_has_crlf_folded_lines_and_no_blank_one(name):
    raw = ENTRIES[name]
    assert raw.endswith(b"END:VCALENDAR\r\n") and raw.count(b"\n") == raw.count(b"\r\n")
    lines = raw.removesuffix(b"\r\n").split(b"\r\n")
    assert all(0 < len(line) <= 75 for line in lines)


def test_an_invitation_reads_back_as_the_session():
    it = event(ENTRIES["request.ics"])
    assert (it.decoded("DTSTART"), it.decoded("DTEND")) == (LETTER.starts_at, LETTER.ends_at)
    assert it.decoded("DTSTAMP") == LETTER.now
    assert (str(it["UID"]), it["SEQUENCE"], str(it["STATUS"])) == ("reg-1234@harbour.example", 0, "CONFIRMED")
    assert str(it["SUMMARY"]) == "Runners' class - Harbour Clinic"
    assert str(it["DESCRIPTION"]) == f"Join: {LINKS.join(1234)}\nChange or cancel: {LINKS.manage(1234)}"
    assert str(it["LOCATION"]) == str(it["URL"]) == LINKS.join(1234)
    assert (str(it["CLASS"]), str(it["TRANSP"])) == ("PRIVATE", "OPAQUE")


def test_the_recipient_is_the_only_attendee_and_the_sender_the_organizer():
    it = event(ENTRIES["request.ics"])
    assert str(it["ORGANIZER"]) == "mailto:class@harbour.example"
    assert it["ORGANIZER"].params == {"CN": "Harbour Clinic"}
    assert str(it["ATTENDEE"]) == "mailto:jo@example.com"
    assert dict(it["ATTENDEE"].params) == {
        "CN": "Jo",
        "CUTYPE": "INDIVIDUAL",
        "ROLE": "REQ-PARTICIPANT",
        "PARTSTAT": "NEEDS-ACTION",
        "RSVP": "TRUE",
    }


def test_an_invitation_rings_a_quarter_of_an_hour_before():
    (alarm,) = event(ENTRIES["request.ics"]).walk("VALARM")
    assert (alarm.decoded("TRIGGER"), str(alarm["ACTION"])) == (timedelta(minutes=-15), "DISPLAY")


def test_a_move_and_a_cancellation_keep_the_uid_and_raise_the_sequence():
    entries = [event(ENTRIES[name]) for name in ("request.ics", "moved.ics", "cancel.ics")]
    assert len({str(it["UID"]) for it in entries}) == 1
    assert [it["SEQUENCE"] for it in entries] == [0, 1, 2]
    assert [str(it["STATUS"]) for it in entries] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]


def test_a_cancellation_names_the_people_and_rings_no_more():
    it = event(ENTRIES["cancel.ics"])
    assert str(it["ATTENDEE"]) == "mailto:jo@example.com" and str(it["ORGANIZER"])
    assert not it.walk("VALARM") and LINKS.join(1234) not in str(it["DESCRIPTION"])


@pytest.mark.parametrize("name", ENTRIES)
def test_the_method_is_the_one_asked_for(name):
    method = {"request.ics": "REQUEST", "moved.ics": "REQUEST", "cancel.ics": "CANCEL"}.get(name, "PUBLISH")
    assert str(icalendar.Calendar.from_ical(ENTRIES[name])["METHOD"]) == method


@pytest.mark.parametrize("name", ["publish.ics", "publish-cancelled.ics"])
def test_the_public_entry_holds_nothing_personal_and_no_address(name):
    it = event(ENTRIES[name])
    assert str(it["UID"]) == "sess-7@harbour.example"
    assert not {"ATTENDEE", "ORGANIZER", "URL"} & it.keys()
    assert b"http" not in ENTRIES[name]


def test_a_cancelled_public_entry_says_so():
    it = event(ENTRIES["publish-cancelled.ics"])
    assert (str(it["STATUS"]), it["SEQUENCE"]) == ("CANCELLED", 1)


def test_a_uid_that_has_a_domain_keeps_it():
    it = event(invitation(replace(LETTER, calendar_uid="a@b.example"), SENDER, LINKS, "REQUEST"))
    assert str(it["UID"]) == "a@b.example"


@pytest.mark.parametrize("day", [datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2027, 3, 14, 7, 30, tzinfo=UTC)])
def test_a_session_in_the_night_of_the_clock_change_keeps_its_instant(day):
    it = event(invitation(replace(LETTER, starts_at=day, ends_at=day + timedelta(hours=2)), SENDER, LINKS, "REQUEST"))
    assert it.decoded("DTSTART") == day and it.decoded("DTEND") - day == timedelta(hours=2)


@given(FREE_TEXT, FREE_TEXT, FREE_TEXT)
def test_any_title_and_name_survive_and_add_no_line(title, clinic, name):
    sender = replace(SENDER, clinic_name=clinic)
    raw = invitation(replace(LETTER, class_title=title, first_name=name), sender, LINKS, "REQUEST")
    assert all(len(line) <= 75 for line in raw.split(b"\r\n")) and raw.count(b"\n") == raw.count(b"\r\n")
    raw.decode()
    it = event(raw)
    assert str(it["SUMMARY"]) == one_line(f"{title} - {clinic}")
    assert str(it["ATTENDEE"]) == "mailto:jo@example.com"
    assert raw.count(b"ATTENDEE") <= 1 + one_line(title + clinic + name).encode().count(b"ATTENDEE") * 2


@pytest.mark.parametrize(
    "title", ["Class; part, two \\ three", "C:\\new", "👟" * 60, "Läufer " * 30, "a:b\r\nATTENDEE:mailto:x@y.z"]
)
def test_special_titles_are_escaped_and_folded_between_characters(title):
    raw = invitation(replace(LETTER, class_title=title), SENDER, LINKS, "REQUEST")
    assert str(event(raw)["SUMMARY"]) == one_line(f"{title} - Harbour Clinic")
    assert str(event(raw)["ATTENDEE"]) == "mailto:jo@example.com"


def test_a_name_with_quotes_stays_inside_its_parameter():
    it = event(invitation(replace(LETTER, first_name='Jo "Flash";X=1:mailto:x@y.z'), SENDER, LINKS, "REQUEST"))
    assert it["ATTENDEE"].params["CN"] == "Jo 'Flash';X=1:mailto:x@y.z"
    assert str(it["ATTENDEE"]) == "mailto:jo@example.com"


def test_without_a_name_the_address_stands_for_the_person():
    it = event(invitation(replace(LETTER, first_name=""), SENDER, LINKS, "REQUEST"))
    assert it["ATTENDEE"].params["CN"] == "jo@example.com"


def test_an_address_that_cannot_be_written_is_refused():
    with pytest.raises(AddressInvalid):
        invitation(replace(LETTER, recipient="jo@example.com\r\nX:y"), SENDER, LINKS, "REQUEST")
