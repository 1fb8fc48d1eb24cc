"""The last look before a hand-off, in one place that every path goes through.

In order: a person who is still there, current revision, kill switch, expiry and what timing
says now, consent, suppression, holds, quiet hours, caps and gaps, approved words. Each "no"
is a reason on the row. The stream's pace comes after it; and the database looks once more, for what can
change within a batch, in the statement that opens the delivery (`store/ledger_words.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from campaigns.domain.caps import Caps, over_the_cap, pumped, pumped_for_codes, shared_already
from campaigns.domain.codes import LASTS
from campaigns.domain.quiet import SendingHours
from campaigns.domain.reasons import Reason
from campaigns.domain.steps import Anchor, Audience, Channel, Step
from campaigns.domain.timing import Due, Hold, Never, due, leave_now
from campaigns.store.letters import RETOLD, Item

_LATER: Final = timedelta(minutes=5)
"""What waits for a person is looked at again after this long."""


@dataclass(frozen=True, slots=True)
class Skip:
    """It must not leave, and why."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Rules:
    """What counsel may change, as it was read at the start."""

    hours: SendingHours
    caps: Caps


GO: Final = None
STAY: Final = "stay"
"""A kill switch holds it: it goes back to the plan as it is."""

Verdict = Skip | Hold | str | None


def look(item: Item, step: Step, rules: Rules, now: datetime, *, approved: bool = True) -> Verdict:
    """Say whether a queued delivery may leave now (`GO`), not yet (`Hold`, `STAY`), or never (`Skip`)."""
    if item.erased:
        return Skip(Reason.ERASED)
    if _superseded(item, step):
        return Skip(Reason.SUPERSEDED)
    if step.purpose in item.about.stopped:
        return STAY
    reason = _out_of_date(item, step, rules.hours, now) or _unwelcome(item, step, now)
    if reason is not None:
        return Skip(reason)
    hold = _held(item, now) or leave_now(step, item.facts, rules.hours, now)
    if hold is not None:
        return hold if hold.until < item.expires_at else Skip(hold.why or Reason.QUIET_HOURS)
    reason = _too_many(item, step, rules.caps, now) or _repeated(item, step, now)
    if reason is not None:
        return Skip(reason)
    if not approved:
        later = Hold(now + _LATER, Reason.UNAPPROVED)
        return later if later.until < item.expires_at else Skip(Reason.UNAPPROVED)
    return GO


def _superseded(item: Item, step: Step) -> bool:
    """Say whether the session has another date by now, or texts were asked for or agreed to anew."""
    if step.by_round:
        return item.revision != -item.texts_round
    return item.revision > 0 and item.revision != item.about.current_revision


def _out_of_date(item: Item, step: Step, hours: SendingHours, now: datetime) -> Reason | None:
    if now >= item.expires_at:
        return Reason.EXPIRED
    answer = due(step, item.facts, hours)
    if isinstance(answer, Never):
        return answer.reason
    if isinstance(answer, Due):
        # The session may have moved closer since a delivery that has no date of its own was planned.
        return Reason.EXPIRED if now >= answer.expires else None
    return Reason.OTHER_AUDIENCE  # what it was planned for was taken back: an attendance, for one


def _unwelcome(item: Item, step: Step, now: datetime) -> Reason | None:
    if step.channel is Channel.SMS and item.phone is None:
        return Reason.NO_NUMBER
    if step.needs_consent and not item.permitted:
        return Reason.NO_CONSENT
    asked_at = item.facts.asked_at
    if step.audience is Audience.UNPROVEN and (asked_at is None or now >= asked_at + LASTS):
        return Reason.EXPIRED
    return Reason.SUPPRESSED if item.suppressed else None


def _held(item: Item, now: datetime) -> Hold | None:
    if item.on_hold:
        return Hold(now + _LATER, Reason.ON_HOLD)
    if item.domain_paused_until is not None and now < item.domain_paused_until:
        return Hold(item.domain_paused_until, Reason.DOMAIN_PAUSED)
    return None


def _too_many(item: Item, step: Step, caps: Caps, now: datetime) -> Reason | None:
    if item.held_back:
        return Reason.PUMPED
    if step.channel is not Channel.SMS:
        return None
    # A code belongs to one person: the same step to somebody else at this number said another one.
    if step.anchor is not Anchor.ASKED and shared_already(step.id, item.session_id, item.revision, item.sent):
        return Reason.HOUSEHOLD
    if _looks_pumped(item, step, caps, now):
        return Reason.PUMPED
    code = step.anchor is Anchor.ASKED
    return Reason.TOO_MANY if over_the_cap(step.purpose, item.sent, caps, now, code=code) else None


def _looks_pumped(item: Item, step: Step, caps: Caps, now: datetime) -> bool:
    if step.anchor is Anchor.ASKED:
        return pumped_for_codes(item.sent, item.sign_ups_before, caps)
    confirms = step.anchor in (Anchor.REGISTERED, Anchor.AGREED)
    # Whoever has typed the code that went to this number is no robot, and no stranger to it.
    return confirms and not item.proven and pumped(item.sent, item.sign_ups_before, caps, now)


def _repeated(item: Item, step: Step, now: datetime) -> Reason | None:
    if item.had_before:
        return Reason.HAD_BEFORE
    if step.anchor is Anchor.STARTS and item.told_at is not None and item.due_at - item.told_at <= RETOLD:
        return Reason.TOLD_ALREADY
    if not step.min_gap:
        return None
    if item.nearer_due_at is not None and item.nearer_due_at - item.due_at < step.min_gap:
        return Reason.NEARER_MESSAGE
    if item.last_sent_at is not None and now - item.last_sent_at < step.min_gap:
        return Reason.TOO_SOON
    return None
