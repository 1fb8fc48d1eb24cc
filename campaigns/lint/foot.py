"""What must stand below every email: that it is no advice, when to get help, who writes, and how to stop."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from campaigns.domain.steps import Channel
from campaigns.lint import terms
from campaigns.lint.draft import Draft
from campaigns.lint.finding import Finding, Spot, finding
from campaigns.lint.rendered import Mail
from campaigns.lint.samples import LINKS, SENDER


def check(draft: Draft, mails: Sequence[Mail]) -> Iterator[Finding]:
    """Find what the foot lacks in one of the two bodies, or in both."""
    for mail in mails:
        plain = " ".join(mail.plain.split())
        for kind, said in terms.FOOT.items():
            yield from _unsaid(draft, mail, kind, said[mail.language], plain)
        yield from _unsaid(draft, mail, "no-address", (f"{SENDER.clinic_name}, {SENDER.clinic_address}",), plain)
        yield from _unstoppable(draft, mail, plain)


def _unsaid(draft: Draft, mail: Mail, kind: str, phrases: Sequence[str], plain: str) -> Iterator[Finding]:
    for phrase in phrases:
        lacking = [
            part for part, words in (("html", mail.shown), ("txt", plain)) if phrase.casefold() not in words.casefold()
        ]
        if len(lacking) > 1 and kind in terms.FOOT:
            spots = [Spot(f"messages/frame.{mail.language}.words")]
        else:
            spots = [Spot("messages/frame.mjml" if part == "html" else "messages/frame.txt") for part in lacking]
        for spot in spots:
            yield finding(kind, draft.name, spot, f"“{phrase}” is not there in {mail.language}")


def _unstoppable(draft: Draft, mail: Mail, plain: str) -> Iterator[Finding]:
    label = terms.STOP_LABEL[mail.language]
    stop = LINKS.stop(mail.letter.registration_id, Channel.EMAIL, mail.letter.purpose)
    shown = [link for link in mail.seen.links if link.address == stop and not link.hidden]
    if not any(link.label.startswith(label) for link in shown):
        says = f"no link “{label}…” is seen in {mail.language}"
        yield finding("no-stop-in-html", draft.name, Spot("messages/frame.parts.html"), says)
    if not re.search(rf"\b{label}[^<>]{{1,60}} <{re.escape(stop)}>", plain):
        says = f"no “{label}…” with its address is there in {mail.language}"
        yield finding("no-stop-in-text", draft.name, Spot("messages/frame.txt"), says)
