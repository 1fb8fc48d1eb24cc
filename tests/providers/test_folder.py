"""The folder keeps what it is given, whole or not at all, and reads it back."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.message import EmailMessage
from itertools import islice

import pytest

from campaigns.domain.messages import Accepted, Deferred
from campaigns.domain.steps import Channel
from campaigns.errors import NotFound
from campaigns.providers.folder import Folder, captured, read_captured
from tests.providers.contract import SECRET_EMAIL, SECRET_NUMBER, Contract, a_text, an_email


class FolderWorld:
    def __init__(self, path, channel):
        self.path = path / "outbox"
        self.provider = Folder(self.path, channel)

    def received(self):
        return [message.delivery_id for message in reversed(list(captured(self.path)))]

    def defer(self):
        self.path.touch()  # a file where the folder should be

    def mend(self):
        self.path.unlink()


class TestEmailFolder(Contract):
    @pytest.fixture
    def world(self, tmp_path):
        return FolderWorld(tmp_path, Channel.EMAIL)


class TestSmsFolder(Contract):
    @pytest.fixture
    def world(self, tmp_path):
        return FolderWorld(tmp_path, Channel.SMS)


def test_the_email_is_kept_byte_for_byte(emails, tmp_path):
    raw = b"Subject: x\r\n\r\n.\r\n\x00\xff"
    name = emails.hand_off(an_email(raw=raw)).provider_id
    assert (tmp_path / "email" / f"{name}.eml").read_bytes() == raw


def test_the_text_is_kept_as_json(texts, tmp_path):
    name = texts.hand_off(a_text(7, body="Grüße")).provider_id
    facts = json.loads((tmp_path / "sms" / f"{name}.json").read_text())
    assert facts == {"to": SECRET_NUMBER, "body": "Grüße", "segments": 1, "delivery_id": 7}


def test_file_names_tell_nobody_to_whom_a_message_went(emails, texts, tmp_path):
    emails.hand_off(an_email())
    texts.hand_off(a_text())
    names = " ".join(str(file) for file in tmp_path.rglob("*.*"))
    assert "jane" not in names and "5550142" not in names and "@" not in names


def test_names_are_unique_when_one_delivery_is_written_by_many_at_once(emails, tmp_path):
    with ThreadPoolExecutor(8) as lanes:
        names = {outcome.provider_id for outcome in lanes.map(emails.hand_off, [an_email()] * 200)}
    assert len(names) == 200
    assert len(list((tmp_path / "email").iterdir())) == 200


def test_a_full_disk_defers_and_leaves_no_half_written_file(tmp_path):
    program = (
        "import resource, sys, pathlib\n"
        "from campaigns.providers.folder import Folder\n"
        "from campaigns.domain.steps import Channel\n"
        "from tests.providers.contract import an_email\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))\n"
        "outcome = (Folder(pathlib.Path(sys.argv[1]), Channel.EMAIL).connect().hand_off(an_email(raw=b'x' * 5000)))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "print(outcome)\n"
    )
    said = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == str(Deferred("folder: File too large"))
    assert list((tmp_path / "email").iterdir()) == []


def test_nothing_else_in_the_folder_is_read_as_a_message(emails, tmp_path):
    emails.hand_off(an_email())
    (tmp_path / "email" / "notes.eml").write_text("Subject: not ours")
    (tmp_path / "email" / "x.part").write_text("half")
    assert len(list(captured(tmp_path))) == 1


def test_an_empty_outbox_has_no_messages(tmp_path):
    assert list(captured(tmp_path)) == []


def test_the_newest_message_comes_first_across_both_channels(emails, texts, tmp_path):
    for number in range(1, 7):
        (texts.hand_off(a_text(number)) if number % 2 else emails.hand_off(an_email(number)))
    assert [message.delivery_id for message in captured(tmp_path)] == [6, 5, 4, 3, 2, 1]
    assert [message.delivery_id for message in captured(tmp_path, channel=Channel.SMS)] == [5, 3, 1]


def test_a_page_goes_on_where_the_last_one_ended_whatever_came_in_between(emails, tmp_path):
    for number in range(1, 6):
        emails.hand_off(an_email(number))
    first = list(captured(tmp_path, limit=2))
    emails.hand_off(an_email(6))
    second = list(captured(tmp_path, limit=2, before=first[-1].name))
    assert [message.delivery_id for message in first + second] == [5, 4, 3, 2]


def test_a_message_deleted_while_the_outbox_is_read_is_passed_over(emails, tmp_path):
    names = [emails.hand_off(an_email(number)).provider_id for number in (1, 2, 3)]
    messages = captured(tmp_path)
    first = next(messages)
    (tmp_path / "email" / f"{names[1]}.eml").unlink()
    assert [first.delivery_id, *(message.delivery_id for message in messages)] == [3, 1]


def test_an_email_is_taken_apart_for_reading(emails, tmp_path):
    name = emails.hand_off(an_email(3, raw=a_full_email())).provider_id
    message = read_captured(tmp_path, name)
    assert (message.name, message.channel, message.delivery_id) == (name, Channel.EMAIL, 3)
    assert (message.sender, message.recipient) == ("Clinic <class@clinic.example>", SECRET_EMAIL)
    assert (message.subject, message.text.strip()) == ("Grüße", "Plain words.")
    assert message.html.strip() == "<p>Words</p>"
    assert message.calendar.startswith("BEGIN:VCALENDAR")
    assert message.dated == datetime(2027, 1, 5, 12, tzinfo=UTC)
    assert ("List-Unsubscribe", "<https://class.example/o/x>") in message.headers


def test_an_email_without_parts_or_date_is_still_shown(emails, tmp_path):
    emails.hand_off(an_email(raw=b"\r\nonly words"))
    (message,) = captured(tmp_path)
    assert (message.subject, message.dated, message.html, message.text) == ("", None, "", "only words")


def test_an_unknown_charset_is_shown_as_well_as_can_be(emails, tmp_path):
    emails.hand_off(an_email(raw=b"Content-Type: text/plain; charset=klingon\r\n\r\nqapla"))
    (message,) = captured(tmp_path)
    assert message.text == "qapla"


def test_a_text_message_is_taken_apart_for_reading(texts, tmp_path):
    name = texts.hand_off(a_text(9, body="Starts at 18:00")).provider_id
    message = read_captured(tmp_path, name)
    assert (message.channel, message.recipient, message.text, message.segments) == (
        Channel.SMS,
        SECRET_NUMBER,
        "Starts at 18:00",
        1,
    )


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "00000000000000000001-1-abcdef", "x" * 5000])
def test_a_name_that_is_not_in_the_outbox_is_not_found(tmp_path, name):
    with pytest.raises(NotFound):
        read_captured(tmp_path, name)


def test_reading_a_page_does_not_open_the_rest(emails, tmp_path):
    for number in range(1, 4):
        emails.hand_off(an_email(number))
    oldest = min((tmp_path / "email").iterdir())
    oldest.unlink()
    oldest.mkdir()  # reading it would raise
    assert [message.delivery_id for message in islice(captured(tmp_path), 2)] == [3, 2]


def test_the_outbox_is_closed_to_other_users(emails, tmp_path):
    assert isinstance(emails.hand_off(an_email()), Accepted)
    assert (tmp_path / "email").stat().st_mode & 0o077 == 0
    assert all(file.stat().st_mode & 0o077 == 0 for file in (tmp_path / "email").iterdir())


def a_full_email() -> bytes:
    message = EmailMessage()
    message["From"] = "Clinic <class@clinic.example>"
    message["To"] = SECRET_EMAIL
    message["Subject"] = "Grüße"
    message["Date"] = datetime(2027, 1, 5, 12, tzinfo=UTC)
    message["List-Unsubscribe"] = "<https://class.example/o/x>"
    message.set_content("Plain words.")
    message.add_alternative("<p>Words</p>", subtype="html")
    message.add_alternative("BEGIN:VCALENDAR\nEND:VCALENDAR\n", subtype="calendar")
    return message.as_bytes()


@pytest.fixture
def emails(tmp_path):
    return Folder(tmp_path, Channel.EMAIL).connect()


@pytest.fixture
def texts(tmp_path):
    return Folder(tmp_path, Channel.SMS).connect()
