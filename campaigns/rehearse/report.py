"""Who got what when, in their own time, and what they did not get and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from campaigns.domain.lifecycle import Status
from campaigns.domain.steps import Audience, Channel
from campaigns.domain.timing import Wait
from campaigns.errors import CampaignsError
from campaigns.operations.explain import Milestone
from campaigns.providers.folder import Captured, captured
from campaigns.rehearse.cast import Persona
from campaigns.store.webinars import SessionRow, WebinarRow

_WORDS: Final = 64
_LEFT: Final = (Status.SENT, Status.DELIVERED)
_KINDS: Final = {Channel.EMAIL: "email", Channel.SMS: "text"}


@dataclass(frozen=True, slots=True)
class Ending:
    """What is left to tell when the play is over."""

    webinar: WebinarRow
    session: SessionRow
    timelines: Mapping[Persona, Sequence[Milestone]]
    outbox: Path


def report(ending: Ending) -> Iterator[str]:
    """Give the lines of the report.

    Raises `CampaignsError` if the outbox and the ledger do not say the same.
    """
    messages = {one.delivery_id: one for one in captured(ending.outbox)}
    _agree(ending, messages, sum(1 for _ in captured(ending.outbox)))
    zone = ZoneInfo(ending.webinar.zone)
    yield f"Rehearsal of “{ending.webinar.title}”"
    yield f"Session: {_instant(ending.session.starts_at, zone)}"
    yield "Everybody here is invented, and nothing leaves this machine."
    sent = skipped = 0
    for persona, milestones in ending.timelines.items():
        own = ZoneInfo(persona.zone(ending.webinar.zone))
        yield ""
        registered = _instant(persona.registers_at(ending.session.starts_at), own)
        yield f"{persona.name} ({own.key}): registers {registered}; {persona.says}"
        for one in milestones:
            if one.step.audience in (Audience.WAITING, Audience.READDRESSED, Audience.UNPROVEN):
                continue  # nobody here waits for a place or a code, and nobody who rehearses asked why they did not
            line = _sent(one, own, messages) if _left(one) else _not_sent(one, own)
            sent, skipped = sent + _left(one), skipped + (not _left(one))
            yield line
    yield ""
    yield f"{sent} messages went out, {skipped} steps did not. The outbox and the ledger agree."


def _agree(ending: Ending, messages: Mapping[int, Captured], files: int) -> None:
    left = {
        one.recorded.delivery_id
        for milestones in ending.timelines.values()
        for one in milestones
        if one.recorded and _left(one)
    }
    if left != set(messages) or files != len(messages):
        raise CampaignsError(
            f"The ledger says that {len(left)} messages left, and the outbox holds {files}."
            " This is a fault of the service."
        )


def _left(one: Milestone) -> bool:
    return one.recorded is not None and one.recorded.status in _LEFT


def _sent(one: Milestone, own: ZoneInfo, messages: Mapping[int, Captured]) -> str:
    assert one.recorded is not None
    assert one.at is not None
    message = messages[one.recorded.delivery_id]
    words = message.subject or message.text.replace("\n", " ")
    short = words if len(words) <= _WORDS else f"{words[: _WORDS - 1]}…"
    return f"  {_instant(one.at, own)}  {_KINDS[one.step.channel]:5}  {one.step.key:3} {one.step.name}: “{short}”"


def _not_sent(one: Milestone, own: ZoneInfo) -> str:
    when = _instant(one.at, own) if one.at else ""
    why = f"no {one.answer.awaits}" if isinstance(one.answer, Wait) and not one.reason else one.reason
    return (
        f"  {when:25}  {'–':5}  {one.step.key:3} {one.step.name}: not sent, {(why or 'not planned').replace('_', ' ')}"
    )


def _instant(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{local:%a} {local.day:2} {local:%b %Y %H:%M} {local:%Z}"
