"""Samples of a message: the real mail or text, taken apart again as its receiver's program does it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Final

from campaigns.domain.messages import Text
from campaigns.domain.tokens import Links
from campaigns.lint.html import Run, Seen, see
from campaigns.lint.samples import LINKS, LONG_LINKS, LONG_SENDER, SENDER, letters, long_letters
from campaigns.rendering.email import render_email
from campaigns.rendering.environment import Compiled
from campaigns.rendering.sms import render_text
from campaigns.rendering.variables import Letter, Sender

_FOOT: Final = "\n--\n"
ADDRESS: Final = re.compile(r"(?:https?://|www\.)[^\s<>\")]+[^\s<>\").,;:]")


def above_the_foot(plain: str) -> str:
    """Give a plain body without the clinic's name above it and without the foot."""
    return plain.replace("\r\n", "\n").partition(_FOOT)[0].partition("\n")[2]


@dataclass(frozen=True, slots=True)
class Mail:
    """One email as it arrives."""

    compiled: Compiled
    letter: Letter
    subject: str
    html: str
    seen: Seen
    plain: str
    calendar: str
    """The lines of its invitation; empty without one."""

    @property
    def language(self) -> str:
        """What it is written in."""
        return self.compiled.language

    @property
    def preheader(self) -> str:
        """What a list of mails shows beside the subject."""
        return self.seen.hidden

    @property
    def own_words(self) -> str:
        """The plain body without the clinic's name above it and without the foot."""
        return above_the_foot(self.plain)

    @property
    def foot(self) -> str:
        """What stands below every message, in the plain body."""
        return self.plain.partition(_FOOT)[2]

    @property
    def own_runs(self) -> list[Run]:
        """What is seen of the HTML body above the foot."""
        first = " ".join(self.foot.split()[:4])
        above = []
        for run in self.seen.visible:
            if first and " ".join(run.words.split()).startswith(first):
                break
            above.append(run)
        return above

    @property
    def shown(self) -> str:
        """All that is seen of the HTML body, as one line."""
        return " ".join(" ".join(run.words for run in self.seen.visible).replace("\xa0", " ").split())


@dataclass(frozen=True, slots=True)
class Note:
    """One text message as it arrives."""

    compiled: Compiled
    letter: Letter
    text: Text

    @property
    def language(self) -> str:
        """What it is written in."""
        return self.compiled.language


def mails(compiled: Compiled) -> list[Mail]:
    """Give an email in every situation, each that reads the same but once."""
    made: dict[bytes, tuple[Letter, bytes]] = {}
    for letter in letters(compiled):
        raw = render_email(compiled, letter, SENDER, LINKS).raw
        # The first line is the date.
        made.setdefault(raw.partition(b"\r\n")[2], (letter, raw))
    return [_mail(compiled, letter, raw) for letter, raw in made.values()]


def notes(compiled: Compiled) -> list[Note]:
    """Give a text in every situation, each that reads the same but once."""
    return list(_notes(compiled, letters(compiled), SENDER, LINKS))


def long_notes(compiled: Compiled) -> list[Note]:
    """Give a text with the longest values."""
    return list(_notes(compiled, long_letters(compiled), LONG_SENDER, LONG_LINKS))


def _notes(compiled: Compiled, all_letters: Iterator[Letter], sender: Sender, links: Links) -> Iterator[Note]:
    known = set()
    for letter in all_letters:
        text = render_text(compiled, letter, sender, links)
        if text.body not in known:
            known.add(text.body)
            yield Note(compiled, letter, text)


def _mail(compiled: Compiled, letter: Letter, raw: bytes) -> Mail:
    message = message_from_bytes(raw, policy=policy.default)
    html = _part(message, "html")
    return Mail(compiled, letter, str(message["Subject"]), html, see(html), _part(message, "plain"), _calendar(message))


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if isinstance(part, EmailMessage) else ""


def _calendar(message: EmailMessage) -> str:
    for part in message.walk():
        if part.get_content_type() == "text/calendar":
            content = part.get_payload(decode=True)
            # Long lines are folded (RFC 5545 §3.1).
            return content.decode().replace("\r\n ", "") if isinstance(content, bytes) else ""
    return ""
