"""Where our send token may stand in a mail that comes back, in the order in which the places are trusted.

What is found is a candidate: whether we wrote it is checked by whoever has the key. The
recipient that a report names is never a place to look, because mail is forwarded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from campaigns.providers.mail.parts import Fields, Mail, first

_RETURN_PATH: Final = re.compile(r"(?<![a-z0-9._-])b\+([0-9a-f]{32,80})@", re.IGNORECASE)
"""Also inside an address that a forwarder has rewritten, as in `SRS0=x=y=clinic.example=b+…@`."""
_TOKEN: Final = re.compile(r"(?<![0-9a-z])[0-9a-f]{32,80}(?![0-9a-z])", re.IGNORECASE)
_QUOTED: Final = re.compile(r"^[> \t]*X-Send-Id:[ \t]*([0-9a-f]{32,80})[ \t]*$", re.IGNORECASE | re.MULTILINE)
_ADDRESSED: Final = ("delivered-to", "x-original-to", "to")


def of_bounce(mail: Mail, envelope_id: str) -> str:
    """Look at whom the report was sent to, the envelope id it repeats, and the head it returns."""
    return of_address(mail) or _only(envelope_id) or next(filter(None, map(of_returned, mail.returned_heads())), "")


def of_complaint(mail: Mail, report: Fields) -> str:
    """Look at the head that was complained of, and the sender that the report repeats.

    Not first at whom the report was sent to, which is an address of ours for all complaints alike.
    """
    heads = list(mail.returned_heads())
    return (
        next(filter(None, map(of_header, heads)), "")
        or of_return_path(report.get("original-mail-from", ()))
        or next((found for head in heads if (found := of_return_path(head.get("return-path", ())))), "")
        or _only(first(report, "original-envelope-id"))
        or of_address(mail)
    )


def of_letter(mail: Mail, text: str) -> str:
    """Look at whom the mail was sent to, at mails of ours that it brings along, and at heads of ours in its text."""
    return of_address(mail) or next(filter(None, map(of_header, mail.returned_heads())), "") or of_text(text)


def of_returned(head: Fields) -> str:
    """Look into the head of a mail of ours."""
    return of_header(head) or of_return_path(head.get("return-path", ()))


def of_header(head: Fields) -> str:
    """Read X-Send-Id."""
    return next(filter(None, map(_only, head.get("x-send-id", ()))), "")


def of_text(text: str) -> str:
    """Find X-Send-Id where somebody quotes a whole mail of ours."""
    found = _QUOTED.search(text)
    return found.group(1).lower() if found else ""


def of_address(mail: Mail) -> str:
    """Read the return path of ours that a mail was sent to."""
    return of_return_path([mail.rcpt, *(value for name in _ADDRESSED for value in mail.fields.get(name, ()))])


def of_return_path(values: Iterable[str]) -> str:
    """Find `b+<token>@` in addresses, in whatever case they come."""
    return next((found.group(1).lower() for value in values if (found := _RETURN_PATH.search(value))), "")


def _only(value: str) -> str:
    """Give the one token in a value that consists of nothing else, or that writes a return path."""
    stripped = value.strip().strip("<>").strip()
    return stripped.lower() if _TOKEN.fullmatch(stripped) else of_return_path((stripped,))
