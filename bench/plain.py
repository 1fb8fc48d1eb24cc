"""The same confirmation sent by a plain loop over Jinja2, `EmailMessage` and `smtplib`.

As one writes it who has a list of people and an afternoon: templates compiled once, one
connection kept open, one message after the other, nothing remembered.
"""

from __future__ import annotations

import smtplib
import time
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid

from bench import crowd
from bench.figures import Figure
from bench.house import House
from bench.outside import Outside
from campaigns.domain.steps import Channel
from campaigns.domain.tokens import Links
from campaigns.operations.words import letter_of
from campaigns.rendering.calendar import invitation
from campaigns.rendering.environment import Compiled, compile_source, load_sources
from campaigns.rendering.variables import Letter, Sender, context

MESSAGES = 1_000


def plain(home: House, sink: Outside) -> Iterator[Figure]:
    """Write to 1,000 people, whose facts are loaded beforehand."""
    _, items, step = crowd.loaded(home, MESSAGES)
    crowd.forget(home)
    letters = [letter_of(item, step, home.runtime.clock()) for item in items]
    words = compile_source(load_sources(home.runtime.templates / "messages")["confirmation"])
    with smtplib.SMTP("127.0.0.1", sink.port) as server:
        began = time.perf_counter()
        for letter in letters:
            server.send_message(message_of(home.runtime.sender, home.runtime.links, words, letter))
        seconds = time.perf_counter() - began
    yield Figure("email.stdlib", len(letters) / seconds, "messages/s", len(letters))


def message_of(sender: Sender, links: Links, words: Compiled, letter: Letter) -> EmailMessage:
    """Write an email as the standard library has it."""
    values = context(letter, sender, links, channel=Channel.EMAIL, sources=words.sources)
    values["subject"] = words.subject.render(values)
    values["preheader"] = words.preheader.render(values)
    values |= {"purpose": letter.purpose.value, "demonstration": letter.demonstration}
    entry = invitation(letter, sender, links, "REQUEST")
    message = EmailMessage()
    message["Date"] = format_datetime(letter.now)
    message["From"] = formataddr((sender.clinic_name, sender.mail_from))
    message["Reply-To"] = sender.reply_to
    message["To"] = letter.recipient
    message["Subject"] = values["subject"]
    message["Message-ID"] = make_msgid(domain="clinic.example")
    message["List-Unsubscribe"] = f"<{values['stop_url']}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(words.text.render(values))
    message.add_alternative(words.html.render(values), subtype="html")
    message.add_alternative(entry.decode(), subtype="calendar", params={"method": "REQUEST"})
    message.add_attachment(entry, maintype="application", subtype="ics", filename="invite.ics")
    return message
