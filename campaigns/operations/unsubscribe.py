"""Stop, and start again: by link, by one click, by the personal page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from campaigns.domain.quiet import SendingHours
from campaigns.domain.steps import Channel, Purpose
from campaigns.errors import LinkExpired, PageErased, Rejected, mark
from campaigns.operations.plan import plan_registration
from campaigns.operations.register import TEXTS
from campaigns.store import asked, erasures
from campaigns.store.consents import Answer, ever_agreed, lift, permissions_of, record, suppress
from campaigns.store.engine import Connection
from campaigns.store.people import Place, place


def stop(
    db: Connection,
    registration_id: int,
    channel: Channel,
    purpose: Purpose | None,
    hours: SendingHours,
    now: datetime,
    *,
    horizon: timedelta,
    means: str,
) -> None:
    """Stop one kind of message to the person's address, or with `purpose` None all of the channel; at once.

    What is queued falls at the last look; what goes to people without texts is planned for
    whoever has just stopped them. Stopping what is stopped changes nothing. A number that this person
    never agreed to texts for may be a stranger's: it is asked no more, and not suppressed.
    """
    person = _place(db, registration_id)
    address = _address(person, channel)
    if address is None:
        return
    if channel is Channel.SMS:
        asked.end_askings(db, person.registrant_id, address)
        if not any(ever_agreed(db, person.registrant_id, channel, address, kind) for kind in Purpose):
            return
    suppress(db, channel, address, purpose, reason="unsubscribed", source=means, now=now)
    standing = permissions_of(db, person.registrant_id)
    for kind in [purpose] if purpose else list(Purpose):
        if standing.get((channel, kind)):
            answer = Answer(channel=channel, purpose=kind, granted=False, address=address, means=means)
            record(db, person.registrant_id, answer, now)
    if channel is Channel.SMS:
        _plan_afresh(db, registration_id, hours, now, horizon)


def resume(
    db: Connection,
    registration_id: int,
    channel: Channel,
    purpose: Purpose,
    hours: SendingHours,
    now: datetime,
    *,
    horizon: timedelta,
    means: str,
    wording_id: int | None = None,
    evidence: Mapping[str, object] | None = None,
) -> None:
    """Let one kind of message flow again because the person asks for it; what was due meanwhile stays unsent.

    Texts that begin are confirmed by one, as at sign-up.
    Raises `Rejected` for texts without a number. An address that bounced or complained stays suppressed.
    """
    person = _place(db, registration_id)
    address = _address(person, channel)
    if address is None:
        raise Rejected(mark("There is no mobile number on this registration, so texts cannot be sent."), field="phone")
    lift(db, channel, address, purpose, now)
    lift(db, channel, address, None, now)
    if channel is Channel.SMS or purpose is not Purpose.SERVICE:
        answer = Answer(
            channel=channel,
            purpose=purpose,
            granted=True,
            address=address,
            means=means,
            wording_id=wording_id,
            evidence=evidence,
        )
        record(db, person.registrant_id, answer, now)
    if (channel, purpose) == TEXTS and not person.texts:
        asked.end_askings(db, person.registrant_id, address)
        asked.note_yes_to_texts(db, registration_id, now, new_round=True)
    _plan_afresh(db, registration_id, hours, now, horizon)


def _plan_afresh(db: Connection, registration_id: int, hours: SendingHours, now: datetime, horizon: timedelta) -> None:
    fresh = _place(db, registration_id)
    granted = permissions_of(db, fresh.registrant_id)
    plan_registration(db, fresh, granted, hours, now, horizon=horizon, only_after=now)


def _place(db: Connection, registration_id: int) -> Place:
    found = place(db, registration_id)
    if found is None:
        raise LinkExpired
    if not erasures.stays(db, found.registrant_id):
        raise PageErased
    return found


def _address(person: Place, channel: Channel) -> str | None:
    return person.email if channel is Channel.EMAIL else person.phone
