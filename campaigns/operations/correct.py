"""A registrant corrects their own details: name, email, mobile number, time zone, language.

Another email address is another person to the ledger: the place goes over to it, with a
confirmation of its own, and the links that were sent to the old address end. That one is
told that the place has gone, and not where to: whoever reads a mistyped mailbox must not
learn the right one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from campaigns.domain.codes import Asking
from campaigns.domain.quiet import SendingHours
from campaigns.domain.steps import Channel, Purpose, Standing
from campaigns.errors import Conflict, Rejected, mark
from campaigns.language import ENGLISH
from campaigns.operations.plan import plan_registration
from campaigns.operations.register import TEXTS, Request, put_texts_off, record_consents, register
from campaigns.operations.sign_up import Guard, count_sign_up, count_texts
from campaigns.operations.switch import current_place
from campaigns.store import asked, form_fields, ledger_plan, people, switches
from campaigns.store.consents import granted_for, permissions_of, start_helps, stopped
from campaigns.store.engine import Connection
from campaigns.store.people import Place

ENOUGH: Final = mark("We have sent as many codes today as we may. Try again tomorrow.")
"""To somebody who asks for one more."""
STOPPED: Final = mark(
    "Texts to this number were stopped. Text START from it to the number our texts came from, then come back."
)
"""To somebody who asks for a code to a number that has said stop, and may say start."""
UNREACHABLE: Final = mark("We cannot send texts to this number. Give us another one, or do without texts.")
"""To somebody who asks for a code to a number that no word from it brings back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What somebody wrote about themselves, found well-formed."""

    first_name: str
    email: str
    phone: str | None
    """None takes the number away, and the texts with it."""
    zone: str
    language: str = ENGLISH
    texts: int | None = None
    """The wording beside the box for texts, if it was ticked for this number."""
    evidence: Mapping[str, object] = field(default_factory=dict)


def correct(
    db: Connection,
    registration_id: int,
    wanted: Details,
    guard: Guard,
    hours: SendingHours,
    now: datetime,
    *,
    horizon: timedelta,
) -> int:
    """Write the new details, and plan what is still to come anew; give the registration that holds from now on.

    A yes to texts was given for one number and does not go over to another. Raises `Rejected`
    naming the field if the email changes for a place that is over or given up, or no more codes may
    be asked for today, `LinkExpired` for a registration that does not exist, and what `register` raises.
    """
    here = current_place(db, registration_id)
    if wanted.email != here.email:
        return _to_another_address(db, here, wanted, guard, hours, now, horizon)
    people.correct_registrant(
        db,
        here.registrant_id,
        here.registration_id,
        {"first_name": wanted.first_name, "phone": wanted.phone, "zone": wanted.zone, "language": wanted.language},
    )
    _agree(db, here, wanted, guard, now)
    ledger_plan.forget_planned_of(db, here.registration_id, now)
    after = current_place(db, here.registration_id)
    granted = permissions_of(db, here.registrant_id)
    plan_registration(db, after, granted, hours, now, horizon=horizon, only_after=now)
    return here.registration_id


def _agree(db: Connection, here: Place, wanted: Details, guard: Guard, now: datetime) -> None:
    """Write down the yes to texts, or let it wait for the code; and that a number without one has none."""
    ticked = {TEXTS: wanted.texts} if wanted.texts is not None and wanted.phone else {}
    request = replace(_request(here, wanted, ticked), prove_texts=guard.prove_texts)
    request, asks = put_texts_off(db, here.registrant_id, here.registration_id, request, now)
    if asks is False:
        raise Rejected(ENOUGH, field="texts")
    if asks and wanted.phone:
        check_not_stopped(db, wanted.phone, field="texts")
    agreed = record_consents(db, here.registrant_id, request, now)
    if agreed:
        asked.note_yes_to_texts(db, here.registration_id, now, new_round=True)
    if agreed or asks:
        count_texts(db, here.registration_id, guard, now, ip=str(wanted.evidence.get("ip", "")))


def check_not_stopped(db: Connection, phone: str, *, field: str) -> None:
    """Raise `Rejected` for a number that no code may go to, with what can be done about it."""
    if stopped(db, Channel.SMS, phone, Purpose.SERVICE):
        raise Rejected(STOPPED if start_helps(db, phone) else UNREACHABLE, field=field)


def _to_another_address(
    db: Connection,
    here: Place,
    wanted: Details,
    guard: Guard,
    hours: SendingHours,
    now: datetime,
    horizon: timedelta,
) -> int:
    _check_movable(here, now)
    if not people.withdraw(db, here.registration_id, now):
        raise Conflict(mark("Your place was changed a moment ago. Reload the page to see it as it is now."))
    agreed = {kind: None for kind in granted_for(db, here.registrant_id) if kind[0] is Channel.EMAIL}
    texts, known = _texts_there(here, wanted, now)
    request = replace(
        _request(here, wanted, {**agreed, **texts}),
        prove_email=guard.prove_email,
        prove_texts=guard.prove_texts and not known,
    )
    made = register(db, request, hours, now, horizon=horizon)
    form_fields.carry_over(db, here.registration_id, made.registration_id)
    switches.lead_on(db, here.registration_id, made.registration_id)
    _tell_the_old_address(db, here.registration_id, hours, now, horizon)
    if here.asking is not None and here.asking.phone == wanted.phone and TEXTS not in texts:
        _keep_waiting(db, made.registration_id, here.asking, new=made.created)
    if made.created:
        switches.take_over_entry(db, here.registration_id, made.registration_id)
        count_sign_up(db, made.registration_id, request, guard, now, ip=str(wanted.evidence.get("ip", "")))
    return made.registration_id


def _keep_waiting(db: Connection, registration_id: int, asking: Asking, *, new: bool) -> None:
    """Let a yes whose code counts no more wait at the new address, unless that one has said more about texts."""
    there = people.place(db, registration_id)
    if there is not None and there.asking is None and not there.texts:
        asked.ask_for_texts(db, registration_id, asking, first=new)


def _check_movable(here: Place, now: datetime) -> None:
    """Raise `Rejected` for a place that cannot go over to another address."""
    if here.withdrawn_at is not None or here.session.cancelled_at is not None or now >= here.session.ends_at:
        raise Rejected(
            mark(
                "This class is over or cancelled, so its messages stay where they are."
                " Sign up for another date with the new address."
            ),
            field="email",
        )
    if here.standing is not Standing.HELD:
        raise Rejected(
            mark(
                "You are on the waiting list. To use another address, leave the list and join it again with that one."
            ),
            field="email",
        )


def _texts_there(here: Place, wanted: Details, now: datetime) -> tuple[dict[tuple[Channel, Purpose], int | None], bool]:
    """Give the yes to texts that goes along to another address, and whether the number is known to be theirs."""
    if not wanted.phone:
        return {}, False
    known = here.texts and wanted.phone == here.phone
    if known or wanted.texts is not None:
        return {TEXTS: wanted.texts}, known
    waits = here.asking is not None and here.asking.stands(wanted.phone, now)
    return ({TEXTS: here.asking.wording_id} if here.asking and waits else {}), False


def _tell_the_old_address(
    db: Connection, registration_id: int, hours: SendingHours, now: datetime, horizon: timedelta
) -> None:
    """Plan the notice there, so that nobody loses a place unseen to whoever has got hold of their link."""
    left = people.place(db, registration_id)
    if left is not None:
        plan_registration(db, left, permissions_of(db, left.registrant_id), hours, now, horizon=horizon)


def _request(here: Place, wanted: Details, consents: Mapping[tuple[Channel, Purpose], int | None]) -> Request:
    return Request(
        session_id=here.session.id,
        first_name=wanted.first_name,
        last_name=here.last_name,
        email=wanted.email,
        phone=wanted.phone,
        zone=wanted.zone,
        language=wanted.language,
        consents=consents,
        keeps=True,
        evidence={**wanted.evidence, "why": "the person corrected their details"},
    )
