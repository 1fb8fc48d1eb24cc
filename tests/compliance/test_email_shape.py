"""Requirements 7 to 9 and 11: lines, names that are attacks, the order of parts, and what must stand in both of them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient

from campaigns.domain.steps import Channel
from campaigns.domain.tokens import Signer
from campaigns.lint.terms import STOP_LABEL
from campaigns.rendering.email import render_email
from campaigns.rendering.environment import Compiled, Source, compile_source, load_sources
from campaigns.runtime import build
from campaigns.settings import read_settings
from campaigns.web.app import create_app
from campaigns.web.stamps import stamp
from tests.compliance.mailing import Mailing, mailing, relay
from tests.factories import LESSONS, PUBLIC
from tests.rendering.samples import EMAILS, LIBRARY, LINKS, MESSAGES, SENDER, body, letter_for, letters_for, parse
from tests.servers.smtp_server import SmtpServer

SOURCES = load_sources(MESSAGES)
ENCODED_WORD = re.compile(rb"=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=")
SUBJECTS = {
    "1": "x",
    "1 emoji": "👟",
    "78": "A class about running that goes on to say so for seventy-eight characters now",
    "78 with emoji": "👟 " * 39,
    "500 words": "running " * 62 + "hips",
    "900 letters": "running " * 112 + "hips",
    "500 without a blank": "r" * 500,
    "500 emoji": "👟" * 500,
    "500 mixed": ("Läufer 👟 and 走る人 " * 40)[:500],
    "500 joined emoji": ("👩🏽‍⚕️" * 100)[:500],
    "500 equals and question marks": "=?utf-8?q?a?= " * 35,
}
HEADERS = [
    "Date", "From", "Reply-To", "To", "Subject", "Message-ID", "MIME-Version", "List-Id", "List-Unsubscribe",
    "List-Unsubscribe-Post", "Feedback-ID", "Auto-Submitted", "X-Auto-Response-Suppress", "X-Send-Id", "Content-Type",
]  # fmt: skip
HOSTILE = {
    "CRLF": "Sam\r\nBcc: spy@example.net",
    "CR": "Sam\rBcc: spy@example.net",
    "LF": "Sam\nX-Injected: yes",
    "folded": "Sam\r\n Bcc: spy@example.net",
    "blank line": "Sam\r\n\r\n<h1>Other words</h1>",
    "NUL": "Sam\0Bcc",
    "comma": "Sam, spy@example.net",
    "angle": "Sam <spy@example.net>",
    "right to left": "Sam \u202egro.elpmaxe@yps",
    "isolate": "Sam \u2066x\u2069",
    "line separator": "Sam\u2028Bcc: spy@example.net",
    "next line": "Sam\x85Bcc: spy@example.net",
    "vertical tab": "Sam\x0bBcc: spy@example.net",
    "quote": 'Sam" <spy@example.net>, "x',
    "encoded word": "=?utf-8?q?Sam=0D=0ABcc:_spy@example.net?=",
    "semicolon group": "Team: spy@example.net;",
    "boundary": "\r\n--=_\r\nContent-Type: text/html\r\n\r\n<b>x",
    "dot": "Sam\r\n.\r\nMAIL FROM:<spy@example.net>",
}


def over_the_wire(*messages) -> list[bytes]:
    """What a server received of these."""
    with SmtpServer() as server:
        line = relay(server).connect()
        for one in messages:
            line.hand_off(one)
        line.close()
    return [one.raw for one in server.messages]


def entitled(subject: str, name: str = "hour-before") -> Compiled:
    """A shipped message under another subject."""
    files = dict(SOURCES[name].files)
    files["message.toml"] = re.sub(
        r"(?m)^subject = .*$", lambda _: f"subject = {json.dumps(subject, ensure_ascii=False)}", files["message.toml"]
    )
    return compile_source(Source(name, files, SOURCES[name].sources))


def sound_lines(raw: bytes) -> bool:
    lines = raw.split(b"\r\n")
    return raw.endswith(b"\r\n") and not any(b"\r" in line or b"\n" in line or len(line) > 998 for line in lines)


# 7: lines


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_e07_lines_and_encoded_words_are_short_enough_for_every_subject(subject: str) -> None:
    letter = letter_for("hour-before", class_title=subject)
    clinic = replace(SENDER, clinic_name=subject)
    (raw,) = over_the_wire(render_email(entitled(subject), letter, clinic, LINKS))
    assert sound_lines(raw)
    head = raw.partition(b"\r\n\r\n")[0]
    assert raw.isascii()
    assert all(len(word) <= 75 for word in ENCODED_WORD.findall(head))
    assert all(len(line) <= 76 for line in head.split(b"\r\n") if b"=?" in line)
    message = parse(raw)
    assert message["Subject"] == " ".join(subject.split())
    assert not message["Subject"].defects


@pytest.mark.parametrize("name", EMAILS)
def test_e07_every_shipped_message_keeps_to_the_limits_in_every_situation(name: str) -> None:
    written = [render_email(LIBRARY[name], letter, SENDER, LINKS) for letter in letters_for(name)]
    received = over_the_wire(*written)
    assert len(received) == len(written)
    for raw in received:
        assert sound_lines(raw)
        assert all(len(word) <= 75 for word in ENCODED_WORD.findall(raw.partition(b"\r\n\r\n")[0]))


@pytest.mark.parametrize("raw", [b"a\nb\r\n", b"a\r\n" + b"x" * 999 + b"\r\n", b"a\r\nb"])
def test_e07_the_check_itself_finds_a_bare_line_feed_a_long_line_and_a_missing_end(raw: bytes) -> None:
    assert not sound_lines(raw)


# 8: names that are attacks


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_e08_a_name_that_reaches_the_renderer_adds_no_field_no_recipient_and_no_part(name: str) -> None:
    kinds = ("confirmation", "moved", "three-questions", "next-step")
    letters = [
        letter_for(message, first_name=name, class_title=name, webinar_title=name, host_name=name, step_key=name)
        for message in kinds
    ]
    clinic = replace(SENDER, clinic_name=name, program_name=name)
    written = [render_email(LIBRARY[letter.template], letter, clinic, LINKS) for letter in letters]
    received = over_the_wire(*written)
    for message, raw in zip(kinds, received, strict=True):
        harmless(raw, "jo@example.com")
        usual = parse(render_email(LIBRARY[message], letter_for(message), SENDER, LINKS).raw)
        assert [part.get_content_type() for part in parse(raw).walk()] == [
            part.get_content_type() for part in usual.walk()
        ]


def test_e08_a_name_that_is_in_the_database_already_leaves_harmless(post: Mailing) -> None:
    session = post.session()
    names = [name for name in HOSTILE.values() if "\0" not in name]
    for name in names:
        post.registration(session, first_name=name)
    post.work()
    assert len(post.server.messages) == len(names)
    for one in post.server.messages:
        harmless(one.raw, one.recipient)


@pytest.mark.parametrize("field", ["first_name", "email"])
def test_e08_the_form_refuses_such_a_name_or_the_message_is_harmless(post: Mailing, door, field: str) -> None:
    session = post.session()
    taken = []
    for number, name in enumerate([*HOSTILE.values(), "Sam, the runner", "a@b.example,spy@example.net"]):
        address = f"sam{number}@example.com"
        form = {"session": str(session), "first_name": "Sam", "email": address, "shown": shown(post), field: name}
        answer = door.post("/w/si-joint-runners", data=form)
        assert answer.status_code in (303, 422)
        if answer.status_code == 303:
            taken.append(address)
    assert post.one("SELECT count(*) FROM registrant") == len(taken)
    post.work()
    assert sorted(one.recipient for one in post.server.messages) == sorted(taken)
    assert bool(taken) is (field == "first_name")  # a comma in a name is one
    for one in post.server.messages:
        harmless(one.raw, one.recipient)


def test_e08_the_form_takes_no_name_with_a_sign_that_no_name_needs(post: Mailing, door) -> None:
    session = str(post.session())
    for kind in ("CRLF", "CR", "LF", "NUL", "angle", "right to left", "isolate", "line separator"):
        form = {"session": session, "first_name": HOSTILE[kind], "email": "sam@example.com", "shown": shown(post)}
        assert door.post("/w/si-joint-runners", data=form).status_code == 422, kind
    assert post.one("SELECT count(*) FROM registrant") == 0


def shown(post: Mailing) -> str:
    """What the form says of when it was shown: a minute ago, on the door's own clock."""
    return stamp(Signer((b"s" * 32,)), post.webinar_id, datetime.now(UTC) - timedelta(minutes=1))


def harmless(raw: bytes, recipient: str) -> None:
    message = parse(raw)
    assert message.keys() == HEADERS
    assert [one.addr_spec for one in message["To"].addresses] == [recipient]
    assert len(message["From"].addresses) == 1
    assert sound_lines(raw)
    assert not any(part.defects for part in message.walk())


# 9: the order of parts


@pytest.mark.parametrize("name", EMAILS)
def test_e09_the_plain_part_comes_first_and_holds_every_link_of_the_html(name: str) -> None:
    kinds = ["text/plain", "text/html", *(["text/calendar"] if LIBRARY[name].calendar else [])]
    for raw in over_the_wire(*(render_email(LIBRARY[name], letter, SENDER, LINKS) for letter in letters_for(name))):
        message = parse(raw)
        (alternatives,) = [part for part in message.walk() if part.get_content_type() == "multipart/alternative"]
        assert [part.get_content_type() for part in alternatives.iter_parts()] == kinds
        plain, page = body(message, "plain"), Page(body(message, "html"))
        assert len(plain.split()) > 50
        assert page.links and set(page.links) <= set(re.findall(r"https?://[^\s<>]+", plain))


# 11: the postal address and a way to stop, where everybody sees them


class Page(HTMLParser):
    """What a reader sees: the words that are not hidden, and the words of each link."""

    HIDING = re.compile(r"display:\s*none|visibility:\s*hidden|opacity:\s*0(?:;|$)")
    SIZE = re.compile(r"font-size:\s*([\d.]+)")
    VOID = frozenset({"meta", "br", "img", "hr", "link", "input"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.stack: list[tuple[bool, bool]] = []
        """Of every open element whether it is hidden, which holds for all that is in it, and whether its text is too
        small to see, which holds until a size is set anew."""
        self.seen = ""
        self.links: dict[str, str] = {}
        self.target = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        if tag in self.VOID:
            return
        known, (hidden, tiny) = dict(attrs), self.stack[-1] if self.stack else (False, False)
        style = known.get("style") or ""
        hidden |= tag in ("style", "title", "head", "script") or bool(self.HIDING.search(style))
        if size := self.SIZE.search(style):
            tiny = float(size[1]) <= 1
        self.stack.append((hidden, tiny))
        if tag == "a" and not hidden and not tiny:
            self.target = known["href"]
            self.links.setdefault(self.target, "")

    def handle_endtag(self, tag):
        if tag in self.VOID:
            return
        self.stack.pop()
        self.target = "" if tag == "a" else self.target

    def handle_data(self, data):
        if self.stack and not any(self.stack[-1]):
            self.seen += data
            if self.target:
                self.links[self.target] += data


def missing(compiled: Compiled, **facts) -> list[str]:
    """What a message lacks of the law: the lint that this requirement asks for."""
    letter = letter_for(compiled.name, **facts)
    message = parse(render_email(compiled, letter, SENDER, LINKS).raw)
    plain, page = " ".join(body(message, "plain").split()), Page(body(message, "html"))
    seen = " ".join(page.seen.replace("\xa0", " ").split())
    stop = LINKS.stop(letter.registration_id, Channel.EMAIL, letter.purpose)
    faults = {
        "address in plain": f"{SENDER.clinic_name}, {SENDER.clinic_address}" in plain,
        "address in html": f"{SENDER.clinic_name}, {SENDER.clinic_address}" in seen,
        "stop in plain": bool(re.search(rf"\b{STOP_LABEL[compiled.language]}[^<>]{{1,60}} <{re.escape(stop)}>", plain)),
        "stop in html": page.links.get(stop, "").startswith(STOP_LABEL[compiled.language]),
    }
    return [what for what, is_there in faults.items() if not is_there]


@pytest.mark.parametrize("name", EMAILS)
def test_e11_every_message_shows_the_postal_address_and_how_to_stop_in_both_parts(name: str) -> None:
    for letter in letters_for(name):
        facts = {"now": letter.now, "cancelled": letter.cancelled, "zone": letter.zone, "first_name": letter.first_name}
        assert missing(LIBRARY[name], **facts, replay_url=letter.replay_url, attendance=letter.attendance) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("frame.txt", "{{ address }}", "", "address in plain"),
        ("frame.html", "{{ address }}", "", "address in html"),
        ("frame.txt", "{{ link(stop_reads(), stop_url) }}", "", "stop in plain"),
        ("frame.html", "{{ link(words, stop_url) }} &nbsp;·&nbsp;", "", "stop in html"),
        ("frame.html", "{{ link(words, stop_url) }}", '{{ link("", stop_url) }}', "stop in html"),
        (
            "frame.html",
            "font-size:0px;padding:28px 40px 40px",
            "display:none;padding:28px 40px 40px",
            "address in html",
        ),
    ],
)
def test_e11_the_lint_finds_what_is_missing_or_hidden(file: str, old: str, new: str, fault: str) -> None:
    source = SOURCES["three-questions"]
    assert old in source.files[file]
    changed = Source(source.name, {**source.files, file: source.files[file].replace(old, new)}, source.sources)
    assert fault in missing(compile_source(changed))


def test_e11_what_the_service_sends_shows_them_too(post: Mailing) -> None:
    post.registration(post.session(), LESSONS)
    post.work()
    (one,) = post.server.messages
    message = parse(one.raw)
    for part in (" ".join(body(message, "plain").split()), " ".join(Page(body(message, "html")).seen.split())):
        assert "Example Clinic, 120 Quay Street, Portland, ME 04101" in part
        assert "Stop emails about this class" in part


@pytest.fixture(scope="module")
def door(database_url, tmp_path_factory):
    """The real application over the file's database."""
    settings = read_settings(
        database_url=database_url,
        secret="s" * 32,
        public_url=PUBLIC,
        data_dir=tmp_path_factory.mktemp("data"),
        registrations_per_minute=10_000,
    )
    with (
        build(settings, pool_size=2) as runtime,
        TestClient(create_app(runtime), base_url=PUBLIC, follow_redirects=False) as client,
    ):
        yield client


@pytest.fixture
def post(engine):
    with mailing(engine) as world:
        yield world
