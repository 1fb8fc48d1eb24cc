"""Someone registers: person, registration, consents and the first deliveries, in one transaction.

The rows written here are the outbox. Nothing is published: the dispatcher finds them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from campaigns.domain.codes import DAY, MOST_ASKINGS, Asking
from campaigns.domain.quiet import SendingHours
from campaigns.domain.steps import Channel, Purpose, sends_codes
from campaigns.domain.waiting import takes_more
from campaigns.errors import NotFound, RegistrationClosed, SessionFull, mark
from campaigns.operations.plan import plan_registration
from campaigns.store import asked, switches
from campaigns.store.campaigns import steps_of
from campaigns.store.consents import Answer, granted_for, lift, permissions_of, record, stopped
from campaigns.store.engine import Connection
from campaigns.store.people import has_place, phone_of, place, save_registrant, save_registration
from campaigns.store.places import places_claimed
from campaigns.store.webinars import SessionRow, session_for_intake

OPEN_AFTER_END: Final = timedelta(0)
"""How long after its end a session still takes registrations."""

TEXTS: Final = (Channel.SMS, Purpose.SERVICE)
"""What the box for texts stands for."""

CANCELLED: Final = mark("This session was cancelled. Choose another date.")
OVER: Final = mark("This session is over. Choose another date.")
"""Why a session has closed, in the words of `RegistrationClosed`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a form or an import has read and found well-formed."""

    session_id: int
    first_name: str
    last_name: str = ""
    email: str
    phone: str | None = None
    zone: str
    language: str = "en"
    consents: Mapping[tuple[Channel, Purpose], int | None] = field(default_factory=dict)
    """The boxes that were ticked, each with the wording that was shown."""
    evidence: Mapping[str, object] = field(default_factory=dict)
    """IP, user agent, page: kept with each consent."""
    source: str = "web"
    confirm: bool = True
    waits: bool = False
    """Take a place on the waiting list if the session is full."""
    prove_email: bool = False
    """What was ticked for email, beyond the class itself, counts once it is confirmed from that address."""
    prove_texts: bool = False
    """Texts that were ticked for a number count once a code that went there comes back."""
    keeps: bool = False
    """It takes over a place that was given up a moment ago in the same transaction."""
    form_shown: int | None = None
    """When the form was shown that asks: milliseconds since 1970. The same form sent twice gets the same answer."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A live registration, and whether it is new."""

    registration_id: int
    created: bool
    waits: bool = False
    """It asked for the waiting list, and found no place free."""
    texts: bool = False
    """Texts were asked for or agreed to just now, for a registration that was there before."""


def register(db: Connection, request: Request, hours: SendingHours, now: datetime, *, horizon: timedelta) -> Registered:
    """Give a person a place in a session; asking again changes nothing but their details and new consents.

    Raises `NotFound` for an unknown session, `RegistrationClosed` for one that is over or
    cancelled, `SessionFull` when the last place is taken, and the request is not for the waiting
    list or that is closed too; then nothing is written.
    """
    session = _open_session(session_for_intake(db, request.session_id), now)
    waits = not (request.keeps or _has_room(db, session, request))
    if waits and not (request.waits and takes_more(now, session.starts_at)):
        raise SessionFull(field="session")
    registrant_id, registration_id, created = _save(db, request, now, waits=waits)
    if created:
        switches.lead_on_from_given_up(db, registrant_id, session.webinar_id, registration_id)
    unproven = _unproven(db, registrant_id, request)
    if unproven:
        asked.ask_for(db, registration_id, unproven)
        given = {kind: words for kind, words in request.consents.items() if kind not in _by_email(unproven)}
        request = replace(request, consents=given)
    request, asks = put_texts_off(db, registrant_id, registration_id, request, now, new=created)
    agreed = record_consents(db, registrant_id, request, now) and request.confirm and not created
    if agreed:
        asked.note_yes_to_texts(db, registration_id, now, new_round=True)
    if request.source == "web":
        _let_flow_again(db, request, now)
    found = place(db, registration_id)
    if found is not None:
        granted = permissions_of(db, registrant_id)
        plan_registration(db, found, granted, hours, now, horizon=horizon, only_after=None if created else now)
    return Registered(registration_id, created, waits, texts=agreed or (asks is True and not created))


def _unproven(db: Connection, registrant_id: int, request: Request) -> dict[Purpose, int | None]:
    """Give what has to be confirmed first, with the words that were shown: ticked for email, and new."""
    if not request.prove_email:
        return {}
    standing = granted_for(db, registrant_id)
    return {
        purpose: wording_id
        for (channel, purpose), wording_id in request.consents.items()
        if channel is Channel.EMAIL and standing.get((channel, purpose)) != request.email
    }


def _by_email(purposes: Iterable[Purpose]) -> set[tuple[Channel, Purpose]]:
    return {(Channel.EMAIL, purpose) for purpose in purposes}


def put_texts_off(
    db: Connection, registrant_id: int, registration_id: int, request: Request, now: datetime, *, new: bool = False
) -> tuple[Request, bool | None]:
    """Take a ticked yes to texts out of a request, to wait for the code, if the number is not known to be theirs.

    True if a code is asked for, False if as many were asked for today as may be, None if there is
    nothing to ask or it is asked already. A yes for which no code may go today waits as one whose code has
    ended. Where no step of the campaign sends codes a yes counts at once: it would wait for ever.
    """
    if not request.prove_texts or TEXTS not in request.consents:
        return request, None
    phone = request.phone or phone_of(db, registrant_id)
    if granted_for(db, registrant_id).get(TEXTS) == phone or not _codes_leave(db, registration_id):
        return request, None
    given = {kind: words for kind, words in request.consents.items() if kind != TEXTS}
    request, wording_id = replace(request, consents=given), request.consents[TEXTS]
    known, _ = asked.asking_of(db, registration_id)
    if known is not None and known.stands(phone, now):
        return request, None
    asking = Asking(phone, wording_id, now, ip=str(request.evidence.get("ip", "")))
    if ask_for_code(db, registration_id, asking, new=new):
        return request, True
    asked.ask_for_texts(db, registration_id, asking.lapsed(now), first=new)
    return request, False


def _codes_leave(db: Connection, registration_id: int) -> bool:
    found = place(db, registration_id)
    return found is not None and sends_codes(steps_of(db, found.webinar.id))


def ask_for_code(db: Connection, registration_id: int, asking: Asking, *, new: bool = False) -> bool:
    """Let a yes to texts wait for the code, which the next planning sends; False if enough were asked for today."""
    since = asking.at - DAY
    # Whoever takes another date, or another address, has a new registration, and the number has had the codes before.
    most = max(asked.askings_since(db, registration_id, since), asked.askings_to(db, asking.phone, since))
    if most >= MOST_ASKINGS:
        return False
    asked.ask_for_texts(db, registration_id, asking, first=new)
    return True


def session_with_room(db: Connection, session_id: int, email: str, now: datetime) -> SessionRow:
    """Give a session that takes this person, and keep it so until the transaction ends.

    Raises `NotFound`, `RegistrationClosed` or `SessionFull`; whoever holds a place in it already is never too many.
    """
    session = _open_session(session_for_intake(db, session_id), now)
    if not _is_free(db, session) and not has_place(db, session.id, email):
        raise SessionFull(field="session")
    return session


def _has_room(db: Connection, session: SessionRow, request: Request) -> bool:
    if _is_free(db, session):
        return True
    shown = request.form_shown if request.source == "web" else None
    if request.source == "web" and shown is None:
        return False
    return has_place(db, session.id, request.email, form_shown=shown)


def _is_free(db: Connection, session: SessionRow) -> bool:
    return session.capacity is None or places_claimed(db, session.id) < session.capacity


def _save(db: Connection, request: Request, now: datetime, *, waits: bool) -> tuple[int, int, bool]:
    """Write or find the person and the place; give both ids, and whether the place is new."""
    registrant_id = save_registrant(
        db,
        email=request.email,
        first_name=request.first_name,
        last_name=request.last_name,
        phone=request.phone,
        zone=request.zone,
        language=request.language,
        now=now,
    )
    registration_id, created = save_registration(
        db,
        session_id=request.session_id,
        registrant_id=registrant_id,
        zone=request.zone,
        source=request.source,
        confirm=request.confirm,
        now=now,
        waits=waits,
        form_shown=request.form_shown,
    )
    return registrant_id, registration_id, created


def _let_flow_again(db: Connection, request: Request, now: datetime) -> None:
    """End the stops of email that the person has just spoken against, by asking for the class or ticking a box.

    Without this the page would promise a confirmation that can never leave. What a
    provider or staff have suppressed stays, and an import ends nothing. Texts that were
    stopped stay stopped: a number typed into a form does not prove whose it is.
    """
    for channel, purpose in {(Channel.EMAIL, Purpose.SERVICE), *request.consents}:
        if channel is Channel.EMAIL and stopped(db, channel, request.email, purpose):
            lift(db, channel, request.email, purpose, now)
            lift(db, channel, request.email, None, now)


def takes_registrations(session: SessionRow, now: datetime) -> bool:
    """Say whether a session is still open for registration, full or not."""
    return session.cancelled_at is None and now < session.ends_at + OPEN_AFTER_END


def _open_session(session: SessionRow | None, now: datetime) -> SessionRow:
    if session is None:
        raise NotFound(mark("This session does not exist. Choose a date from the list."), field="session")
    if session.cancelled_at is not None:
        raise RegistrationClosed(CANCELLED, field="session")
    if not takes_registrations(session, now):
        raise RegistrationClosed(OVER, field="session")
    return session


def record_consents(db: Connection, registrant_id: int, request: Request, now: datetime) -> bool:
    """Write a consent for each ticked box unless that very answer stands already; say if texts are agreed to by it.

    An empty box takes nothing back; but a yes to texts was given for one number, and does
    not go over to another that is given without it.
    """
    means = "form" if request.source == "web" else "import"
    standing = granted_for(db, registrant_id)
    for (channel, purpose), address in standing.items():
        other_number = channel is Channel.SMS and request.phone not in (None, address)
        if other_number and (channel, purpose) not in request.consents:
            why = {**request.evidence, "why": "another number was given without a yes for it"}
            no = Answer(channel=channel, purpose=purpose, granted=False, address=address, means=means, evidence=why)
            record(db, registrant_id, no, now)
    agreed = False
    for (channel, purpose), wording_id in request.consents.items():
        address = request.email if channel is Channel.EMAIL else request.phone or phone_of(db, registrant_id)
        if standing.get((channel, purpose)) != address:
            answer = Answer(
                channel=channel,
                purpose=purpose,
                granted=True,
                address=address,
                means=means,
                wording_id=wording_id,
                evidence={**request.evidence, "box": "unticked by default"},
            )
            record(db, registrant_id, answer, now)
            agreed |= (channel, purpose) == TEXTS
    return agreed
