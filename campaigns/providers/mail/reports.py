"""Reports that machines write about a mail of ours: bounces (RFC 3464), complaints (RFC 5965), bounces in prose.

Enter with one of the three readers; each gives nothing if the mail is no such report.
A report proves nothing by itself: it counts once its token is found to be ours.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from campaigns.domain.receipts import LONGEST_DETAIL, Kind, Receipt
from campaigns.domain.steps import Channel
from campaigns.providers.mail import tokens
from campaigns.providers.mail.machines import has_null_path, is_automatic
from campaigns.providers.mail.parts import Fields, Mail, Part, fields_of, first
from campaigns.providers.mail.words import one_line

_STATUS_TYPES: Final = ("message/delivery-status", "message/global-delivery-status", "text/delivery-status")
_FEEDBACK_TYPES: Final = ("message/feedback-report", "text/feedback-report")
_ACTIONS: Final = {
    "failed": Kind.BOUNCED,
    "delayed": Kind.DEFERRED,
    "delivered": Kind.DELIVERED,
    "relayed": Kind.ACCEPTED,
    "expanded": Kind.ACCEPTED,
}
"""RFC 3464 §2.3.3. Relayed and expanded mail has left for where no report will come from."""
_BY_CLASS: Final = {"2": Kind.ACCEPTED, "4": Kind.DEFERRED, "5": Kind.BOUNCED}
"""For reports that leave out the action."""
_NOT_COMPLAINTS: Final = ("not-spam", "auth-failure")
"""RFC 6430 takes a complaint back; RFC 6591 tells of a signature. Any other type counts as a complaint:
one too many costs a person a reminder, one too few writes to somebody who said no."""
_ENHANCED: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
_GIVEN_UP: Final = re.compile(r"(?<![\d.])5\.[0-7]\.\d{1,3}(?!\.?\d)")
_REPLIES: Final = (
    re.compile(r"\s*([245]\d\d)(?![\d.])"),
    re.compile(r".*?(?<![\w.])([245]\d\d)[ -]#?[245]\.\d{1,3}\.\d{1,3}(?!\.?\d)", re.DOTALL),
    re.compile(r".*?: ([245]\d\d)[ -]", re.DOTALL),
)
"""Where the three digits stand: at the front, before an enhanced code, or after what our relay puts before them."""
_TYPED: Final = re.compile(r"\s*[\w.+-]{1,40}\s*;\s*(.*)", re.DOTALL)
_WORD: Final = re.compile(r"[;(\s]")
_BLANK: Final = re.compile(rb"\n[ \t]*\n")
_COPY_BEGINS: Final = re.compile(
    r"^[> ]*(?:Return-Path|Received|X-Send-Id|DKIM-Signature|Message-ID):", re.IGNORECASE | re.MULTILINE
)
_MOST_RECIPIENTS: Final = 50
_SAID_LIMIT: Final = 2_000
_FACT_LIMIT: Final = 100
_ADDRESS_LIMIT: Final = 320
_DATE_LIMIT: Final = 100
_YEARS: Final = range(1990, 2200)


def read_delivery_status(mail: Mail) -> tuple[Receipt, ...]:
    """Read a delivery report: one receipt for each recipient block that says anything."""
    part = _report(mail, _STATUS_TYPES)
    if part is None:
        return ()
    blocks = [fields_of(block) for block in _BLANK.split(part.content().strip(b"\n"), _MOST_RECIPIENTS)]
    about = blocks[0]
    token = tokens.of_bounce(mail, first(about, "original-envelope-id"))
    found = [_of_recipient(mail, token, about, block, place) for place, block in enumerate(blocks)]
    return tuple(receipt for receipt in found if receipt)


def read_feedback(mail: Mail) -> Receipt | None:
    """Read a feedback report. Reports without a recipient are usual: senders of complaints hide it."""
    part = _report(mail, _FEEDBACK_TYPES)
    if part is None:
        return None
    report = fields_of(part.content().strip(b"\n"))
    kind = _WORD.split(first(report, "feedback-type").lower(), maxsplit=1)[0]
    facts = {"feedback": kind or "other", "reporter": first(report, "user-agent")}
    return Receipt(
        provider="mail",
        event_id=mail.event_id("feedback"),
        kind=Kind.IGNORED if kind in _NOT_COMPLAINTS else Kind.COMPLAINED,
        channel=Channel.EMAIL,
        occurred_at=when(first(mail.fields, "date"), first(report, "arrival-date"), first(report, "received-date")),
        send_token=tokens.of_complaint(mail, report),
        recipient=_address(first(report, "original-rcpt-to")),
        facts=_facts(facts),
    )


def read_old_bounce(mail: Mail, text: str) -> Receipt | None:
    """Read a bounce in prose, as old servers write it, only if it is beyond doubt.

    That is: nobody is to answer it, it returns a head of ours, its own words carry a code of class 5, and
    there is no part for machines that would know better.
    """
    token = next(filter(None, map(tokens.of_header, mail.returned_heads())), "") or tokens.of_text(text)
    copy = _COPY_BEGINS.search(text)
    said = text[: copy.start()] if copy else text
    code = _GIVEN_UP.search(said)
    if not (token and code and has_null_path(mail)) or mail.part(*_STATUS_TYPES):
        return None
    line = said[said.rfind("\n", 0, code.start()) + 1 :].partition("\n")[0]
    recipient = _address(first(mail.fields, "x-failed-recipients").partition(",")[0])
    return Receipt(
        provider="mail",
        event_id=mail.event_id("old bounce"),
        kind=Kind.BOUNCED,
        channel=Channel.EMAIL,
        occurred_at=when(first(mail.fields, "date")),
        send_token=tokens.of_address(mail) or token,
        recipient=recipient,
        code=_enhanced(code.group()),
        smtp_code=_reply_code(line),
        detail=one_line(line, (recipient,), limit=LONGEST_DETAIL),
        facts={"report": "prose"},
    )


def when(*values: str) -> datetime | None:
    """Give the first date that can be read and names its zone; aware."""
    return next(filter(None, map(_date, values)), None)


def _report(mail: Mail, types: tuple[str, ...]) -> Part | None:
    """Give the part made for machines; not from a person's mail, who may send on a report with words of their own."""
    return mail.part(*types) if mail.type == "multipart/report" or is_automatic(mail) else None


def _of_recipient(mail: Mail, token: str, about: Fields, block: Fields, place: int) -> Receipt | None:
    said = _typed(first(block, "diagnostic-code"))[:_SAID_LIMIT]
    status = first(block, "status")
    code = _code(status, said)
    action = _WORD.split(first(block, "action").lower(), maxsplit=1)[0]
    kind = _ACTIONS.get(action) if action else _BY_CLASS.get(code[:1])
    if kind is None:
        return None
    recipient = _address(first(block, "final-recipient"))
    names = (recipient, _address(first(block, "original-recipient")))
    facts = {"action": action, "reporter": _typed(first(about, "reporting-mta"))}
    return Receipt(
        provider="mail",
        event_id=mail.event_id("delivery status", place),
        kind=kind,
        channel=Channel.EMAIL,
        occurred_at=when(first(mail.fields, "date"), first(block, "last-attempt-date"), first(about, "arrival-date")),
        send_token=token,
        recipient=recipient,
        code=code,
        smtp_code=_reply_code(said),
        detail=one_line(said or status.partition("(")[2].rstrip(") "), names, limit=LONGEST_DETAIL),
        facts=_facts(facts),
    )


def _code(status: str, said: str) -> str:
    """Give the status, or what the last server said where the status names no more than a class."""
    code, other = _enhanced(status), _enhanced(said)
    vague = code.endswith(".0.0") and other[:1] == code[:1]
    return other if vague or not code else code


def _enhanced(text: str) -> str:
    found = _ENHANCED.search(text)
    return ".".join(str(int(digits)) for digits in found.groups()) if found else ""


def _reply_code(said: str) -> int | None:
    found = next((match for shape in _REPLIES if (match := shape.match(said))), None)
    return int(found.group(1)) if found else None


def _typed(value: str) -> str:
    """Give what stands behind the type, as in `rfc822; jane@example.org`."""
    found = _TYPED.fullmatch(value)
    return found.group(1).strip() if found else value.strip()


def _address(value: str) -> str:
    return "".join(_typed(value).strip("<>").split())[:_ADDRESS_LIMIT]


def _facts(facts: dict[str, str]) -> dict[str, str]:
    lines = {name: one_line(value, limit=_FACT_LIMIT) for name, value in facts.items()}
    return {name: line for name, line in lines.items() if line}


def _date(value: str) -> datetime | None:
    value = value[:_DATE_LIMIT]
    try:
        read = parsedate_to_datetime(value)
        if read.tzinfo is None:
            if "-0000" not in value:
                return None
            read = read.replace(tzinfo=UTC)
        return read.astimezone(UTC) if read.year in _YEARS else None
    except (ValueError, TypeError, IndexError, AttributeError, OverflowError):
        return None
