"""The shipped messages, the letters of the content lint to fill them with, and how to read what comes out."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from pathlib import Path

from campaigns.domain.steps import Channel
from campaigns.language import ENGLISH
from campaigns.lint import samples
from campaigns.lint.samples import LETTER, LINKS, MOMENTS, NEXT, REPLAY, SENDER, SITUATIONS, START
from campaigns.rendering.environment import Compiled, compile_all, load_sources
from campaigns.rendering.variables import Letter

__all__ = [
    "EMAILS", "LETTER", "LIBRARY", "LINKS", "MESSAGES", "NEXT", "REPLAY", "SENDER", "START", "TEXTS",
    "body", "letter_for", "letters_for", "parse",
]  # fmt: skip
MESSAGES = Path(__file__).parents[2] / "templates" / "messages"

LIBRARY: dict[str, Compiled] = {
    name if language == ENGLISH else f"{name}.{language}": compiled
    for name, source in load_sources(MESSAGES).items()
    for language, compiled in compile_all(source).items()
}
"""Every message in every language that it has words in; beyond English by name and language: `moved.es`."""
EMAILS = sorted(name for name, compiled in LIBRARY.items() if compiled.channel is Channel.EMAIL)
TEXTS = sorted(name for name, compiled in LIBRARY.items() if compiled.channel is Channel.SMS)


def letter_for(name: str, **facts: object) -> Letter:
    """Give a letter for a shipped message, with some facts changed."""
    return samples.letter(LIBRARY[name], **facts)


def letters_for(name: str) -> list[Letter]:
    """Give letters for a shipped message in every situation that its words tell apart."""
    return [letter_for(name, now=START + moment, **facts) for moment in MOMENTS for facts in SITUATIONS]


def parse(raw: bytes) -> EmailMessage:
    """Read a message as the standard library does, strictly by today's rules."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def body(message: EmailMessage, kind: str) -> str:
    """Give the text of one alternative, with plain line ends."""
    part = message.get_body((kind,))
    assert part is not None
    content = part.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")
