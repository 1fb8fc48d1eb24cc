"""Where a message leads: to pages of ours that are there, under labels that say so, with one thing to do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urlsplit

from campaigns.lint import terms
from campaigns.lint.draft import Draft
from campaigns.lint.finding import Finding, finding
from campaigns.lint.rendered import ADDRESS, Mail, Note
from campaigns.lint.samples import SENDER
from campaigns.rendering.variables import Letter

ROUTES: Final = (
    "/",
    "/w/{slug}",
    "/w/{slug}/embed",
    "/w/{slug}/thanks",
    "/calendar/{session_id}.ics",
    "/r/{token}",
    "/r/{token}/cancel",
    "/r/{token}/details",
    "/r/{token}/erase",
    "/j/{token}",
    "/o/{token}",
    "/watch/{token}",
    "/privacy",
    "/text-terms",
    "/accessibility",
    "/find",
)
"""Every page that a registrant can open, as the web application names its routes."""


def check_mails(draft: Draft, mails: Sequence[Mail], routes: Sequence[str]) -> Iterator[Finding]:
    """Find links of emails that lead astray, labels that say nothing, and more or less than one call to action."""
    for mail in mails:
        for link in mail.seen.links:
            label = " ".join(link.label.split())
            if not label or terms.EMPTY_LABEL.match(label) or ADDRESS.search(label):
                spot = draft.where(label, mail.language, ".html")
                yield finding("link-label", draft.name, spot, f"a link is called “{label}”")
            if kind := _astray(draft, link.address, mail.letter, routes):
                spot = draft.where(label, mail.language, ".html")
                yield finding(kind, draft.name, spot, f"“{label}” leads to {link.address}")
        for address in ADDRESS.findall(mail.plain):
            if kind := _astray(draft, address, mail.letter, routes):
                spot = draft.where(_before(mail.plain, address), mail.language, ".txt")
                yield finding(kind, draft.name, spot, f"the plain text leads to {address}")
        yield from _calls(draft, mail)


def check_notes(draft: Draft, notes: Sequence[Note], routes: Sequence[str]) -> Iterator[Finding]:
    """Find links of texts that lead astray."""
    for note in notes:
        for address in ADDRESS.findall(note.text.body):
            if kind := _astray(draft, address, note.letter, routes):
                spot = draft.where(_before(note.text.body, address), note.language)
                yield finding(kind, draft.name, spot, f"the text leads to {address}")


def _astray(draft: Draft, address: str, letter: Letter, routes: Sequence[str]) -> str:
    """Say which kind of wrong an address is; empty for a page of ours and for the recording."""
    standing = any(address in page.prose for page in draft.own)
    if standing or address == letter.replay_url:
        return ""  # what stands in the source has a finding of its own
    parts, ours = urlsplit(address), urlsplit(SENDER.public_url)
    if (parts.scheme, parts.netloc) != (ours.scheme, ours.netloc):
        return "foreign-link"
    known = any(re.fullmatch(_pattern(route), parts.path or "/") for route in routes)
    return "" if known else "dead-link"


def _pattern(route: str) -> str:
    return "[^/]+".join(re.escape(part) for part in re.split(r"{\w+}", route))


def _before(text: str, address: str) -> str:
    """Give the words in front of an address: it is a value itself, and in no source file."""
    return " ".join(text.partition(address)[0].rstrip("<").split()[-6:])


def _calls(draft: Draft, mail: Mail) -> Iterator[Finding]:
    labels = [" ".join(link.label.split()) for link in mail.seen.links if link.button and not link.hidden]
    labels += [found[0] for found in terms.REPLYING.finditer(mail.plain)]
    if not labels:
        says = "the email asks for nothing"
        yield finding("no-call-to-action", draft.name, draft.body(mail.language), says)
    elif len(labels) > 1:
        spot = draft.where(labels[-1], mail.language, ".html")
        says = f"the email asks for {len(labels)} things: {', '.join(labels)}"
        yield finding("two-calls-to-action", draft.name, spot, says)
