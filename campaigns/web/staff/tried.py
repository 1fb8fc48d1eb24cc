"""One attempt, one decision, one receipt, each in words: the lines that `history.py` puts in order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from campaigns.domain.receipts import Kind
from campaigns.store.receipts import ReceiptRow
from campaigns.store.report_deliveries import AttemptRow
from campaigns.web.staff import words

Line = tuple[str, str, str, str]
"""Sign, sentence in bold, what goes with it, who did it."""

_TRIED: Final = {
    "unknown": ("unknown", "Nobody can say whether attempt {n} left", "worker"),
    "deferred": ("waits", "Attempt {n} was put off", "worker"),
    "refused": ("failed", "Attempt {n} was refused for good", "worker"),
}
_BY_STAFF: Final = re.compile(r"(.*), by staff (\d{1,18})", re.ASCII)
_FOUND: Final = "found at the provider"
_DEAD: Final = "worker_died:"
_RECEIPT: Final = "receipt:"
_KINDS: Final = {
    Kind.ACCEPTED: ("sent", "Taken over, says {}"),
    Kind.DEFERRED: ("waits", "Not yet, says {}: it goes on trying"),
    Kind.DELIVERED: ("delivered", "Delivered, says {}"),
    Kind.BOUNCED: ("bounced", "Came back, says {}"),
    Kind.COMPLAINED: ("failed", "Called spam by the recipient, says {}"),
    Kind.UNSUBSCRIBED: ("none", "Stopped by the recipient, says {}"),
    Kind.IGNORED: ("none", "A notice that we do not act on, from {}"),
}


def tried(one: AttemptRow, members: Mapping[int, str]) -> Line:
    """Tell of a hand-off that did not end in a plain yes, or of what was decided about one.

    `members` are the names of staff by id: a decision says whose it was.
    """
    if one.outcome == "resolved":
        return _resolved(one, members)
    sign, bold, by = _TRIED[one.outcome]
    if one.detail.startswith(_RECEIPT):
        plain = f"{one.detail.removeprefix(_RECEIPT).strip()}. Planned once more."
        return "waits", f"Attempt {one.number} was taken back by a receipt", plain, "receipt"
    by = "recover" if one.detail.startswith(_DEAD) else by
    return sign, bold.format(n=one.number), words.reason(one.detail), by


def told_receipt(one: ReceiptRow, zone: str) -> tuple[str, str, str]:
    """Tell of a receipt: sign, what it says, and code, time, attempt and effect beside it."""
    sign, bold = _KINDS[one.kind]
    code = f"{one.code}: {one.detail}" if one.code and one.detail else one.code or one.detail
    parts = [
        f"Code {code}." if one.code else f"{code}." if code else "",
        f"About attempt {one.attempt}." if one.attempt else "",
        _happened(one.occurred_at, one.received_at, zone),
        _effect(one),
    ]
    return sign, bold.format(words.provider(one.provider)), " ".join(filter(None, parts))


def _resolved(one: AttemptRow, members: Mapping[int, str]) -> Line:
    by_staff = _BY_STAFF.fullmatch(one.detail)
    if by_staff:
        return "person", "A person decided", by_staff[1], members.get(int(by_staff[2]), "staff")
    if one.detail == _FOUND:
        return "sent", f"Attempt {one.number} was found at the provider", "It had been taken.", "recover"
    return "none", f"Attempt {one.number} was not taken", one.detail, "recover"


def _happened(occurred_at: datetime | None, received_at: datetime, zone: str) -> str:
    if occurred_at is None:
        return ""
    same_day = words.day(occurred_at, zone) == words.day(received_at, zone)
    day = "" if same_day else f"{words.day(occurred_at, zone)} "
    return f"It happened {day}{words.hour(occurred_at, zone, seconds=True)}."


def _effect(one: ReceiptRow) -> str:
    if one.applied_at is None:
        return "Not applied yet."
    if one.effect.startswith("fault:"):
        return "It could not be applied: the log says why."
    if one.effect == "nothing new":
        return "It changed nothing."
    return f"So: {one.effect}."
