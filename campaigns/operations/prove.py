"""Double opt-in for texts: a ticked yes counts once a code that went to the number has come back.

The code leaves through the ledger like every other text, and is typed into the personal page. Until then
nothing else goes to the number: whoever typed it into a form may have typed a stranger's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum

from campaigns.domain.codes import LENGTH, MOST_GUESSES, MOST_TRIES, Asking, digits_of
from campaigns.domain.quiet import SendingHours
from campaigns.domain.steps import Channel, Purpose, sends_codes
from campaigns.domain.tokens import Signer
from campaigns.errors import Rejected, mark
from campaigns.operations.correct import ENOUGH, check_not_stopped
from campaigns.operations.plan import plan_registration
from campaigns.operations.register import TEXTS, ask_for_code
from campaigns.operations.sign_up import Guard, count_texts
from campaigns.operations.switch import current_place
from campaigns.operations.unsubscribe import resume
from campaigns.store import asked, consents, people, sign_ups
from campaigns.store.campaigns import steps_of
from campaigns.store.consents import Answer, permissions_of
from campaigns.store.engine import Connection
from campaigns.store.people import Place


class Entered(Enum):
    """What became of a code that somebody typed."""

    RIGHT = "right"
    WRONG = "wrong"
    OVER = "over"
    """Nothing waits for one any more: too late, too many wrong ones, or another number by now."""


def enter_code(
    db: Connection,
    registration_id: int,
    typed: str,
    signer: Signer,
    evidence: Mapping[str, object],
    hours: SendingHours,
    now: datetime,
    *,
    horizon: timedelta,
) -> Entered:
    """Take a code: the right one makes the yes that waits a consent, with the words that were shown.

    The right one once more changes nothing. A code that has not left is nobody's to know: nothing is right
    until it has. A wrong one is counted if it is a guess at all, and the last of a few ends the asking.
    Raises `Rejected` once as many wrong ones came today for this number as may, at whatever place, and
    `LinkExpired` for a registration that does not exist.
    """
    found = current_place(db, registration_id)
    number, tally = found.registration_id, signer.tally(found.phone or "")
    sign_ups.alone(db, tally)  # before any row: whoever guesses at two places at once waits here
    asking, round_ = asked.asking_of(db, number)
    here = people.place(db, number)  # only now: of two who enter it at once the second finds texts on
    if here is None or asking is None:
        return Entered.RIGHT if here is not None and here.texts else Entered.OVER
    if not asking.stands(here.phone, now) or _must_not(db, here):
        return Entered.OVER
    digits = digits_of(typed)
    if len(digits) != LENGTH or not asked.code_left(db, number, round_, asking.phone):
        return Entered.WRONG
    if sign_ups.within_a_day(db, tally, now) >= MOST_GUESSES:
        raise Rejected(ENOUGH, field="code")
    if not signer.knows_code(digits, number, asking.phone, round_):
        asked.note_wrong_code(db, number)
        sign_ups.count(db, [tally], now)
        return Entered.OVER if asking.tries + 1 >= MOST_TRIES else Entered.WRONG
    _record(db, here, asking, evidence, now)
    _plan_on(db, number, hours, now, horizon)
    return Entered.RIGHT


def _plan_on(db: Connection, registration_id: int, hours: SendingHours, now: datetime, horizon: timedelta) -> None:
    fresh = people.place(db, registration_id)
    if fresh is not None:
        granted = permissions_of(db, fresh.registrant_id)
        plan_registration(db, fresh, granted, hours, now, horizon=horizon, only_after=now)


def _must_not(db: Connection, here: Place) -> bool:
    """Say whether a code changes nothing any more: the place is given up, or the number has said stop."""
    return here.withdrawn_at is not None or consents.stopped(db, *_texts_to(here))


def _texts_to(here: Place) -> tuple[Channel, str, Purpose]:
    return Channel.SMS, here.phone or "", Purpose.SERVICE


def _record(db: Connection, here: Place, asking: Asking, evidence: Mapping[str, object], now: datetime) -> None:
    answer = Answer(
        channel=Channel.SMS,
        purpose=Purpose.SERVICE,
        granted=True,
        address=asking.phone,
        means="link",
        wording_id=asking.wording_id,
        evidence={**evidence, "why": "ticked at sign-up, code from a text to this number entered"},
    )
    consents.record(db, here.registrant_id, answer, now)
    asked.end_askings(db, here.registrant_id, asking.phone)
    # The receipt belongs to the round of the code: a yes and the code before it are one matter.
    asked.note_yes_to_texts(db, here.registration_id, now, new_round=False)


def send_another(
    db: Connection,
    registration_id: int,
    guard: Guard,
    hours: SendingHours,
    now: datetime,
    *,
    horizon: timedelta,
    ip: str,
) -> None:
    """Send a new code for the yes that waits, in the place of the one before; nothing if none waits.

    Raises `Rejected` once as many codes were asked for today as may be, or if texts to the number were
    stopped, `LinkExpired` for a registration that does not exist.
    """
    here = current_place(db, registration_id)
    asking, _ = asked.asking_of(db, here.registration_id)
    if asking is not None and asking.phone == here.phone and here.withdrawn_at is None:
        _ask(db, here, asking.wording_id, guard, hours, now, horizon=horizon, ip=ip)


def switch_on(
    db: Connection,
    registration_id: int,
    kind: tuple[Channel, Purpose],
    guard: Guard,
    hours: SendingHours,
    now: datetime,
    *,
    horizon: timedelta,
    wording_id: int | None = None,
    evidence: Mapping[str, object],
) -> None:
    """Let one kind of message flow again, as `resume` does; texts to a number never agreed for wait for a code first.

    Raises what `resume` and `send_another` raise.
    """
    here = current_place(db, registration_id)
    if kind == TEXTS and guard.prove_texts and not _proven(db, here) and sends_codes(steps_of(db, here.webinar.id)):
        ip = str(evidence.get("ip", ""))
        _ask(db, here, wording_id, guard, hours, now, horizon=horizon, ip=ip)
        return
    resume(
        db,
        here.registration_id,
        *kind,
        hours,
        now,
        horizon=horizon,
        means="link",
        wording_id=wording_id,
        evidence=evidence,
    )
    if kind == TEXTS and not here.texts:
        count_texts(db, here.registration_id, guard, now, ip=str(evidence.get("ip", "")))


def _proven(db: Connection, here: Place) -> bool:
    return here.phone is not None and consents.ever_agreed(db, here.registrant_id, *_texts_to(here))


def _ask(
    db: Connection,
    here: Place,
    wording_id: int | None,
    guard: Guard,
    hours: SendingHours,
    now: datetime,
    *,
    horizon: timedelta,
    ip: str,
) -> None:
    if here.phone is None:
        raise Rejected(mark("There is no mobile number on this registration, so texts cannot be sent."), field="phone")
    check_not_stopped(db, here.phone, field="code")
    if not ask_for_code(db, here.registration_id, Asking(here.phone, wording_id, now, ip=ip)):
        raise Rejected(ENOUGH, field="code")
    count_texts(db, here.registration_id, guard, now, ip=ip)
    fresh = people.place(db, here.registration_id)
    if fresh is not None:
        granted = permissions_of(db, fresh.registrant_id)
        plan_registration(db, fresh, granted, hours, now, horizon=horizon, only_after=now)
