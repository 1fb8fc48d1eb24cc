"""Someone sends the registration form: a place, the answers, what brought them, and a count against abuse.

Sending it again for a place one has gives the same answer and sends nothing: a form in
which anybody can type anybody's address must not be a button that writes to them. Only a yes to texts
that is new with it is followed by a text, and counts. Whoever has lost the confirmation is led to it by
the page "Find my page".
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from campaigns.domain.inbound import InboundWords
from campaigns.domain.quiet import SendingHours
from campaigns.domain.sign_ups import Counted, Limits, held_back, keys_of
from campaigns.domain.steps import Channel
from campaigns.operations.ask import Ear, ask
from campaigns.operations.register import Request, register
from campaigns.store import form_fields, people, sign_ups, touches
from campaigns.store.engine import Connection
from campaigns.store.sealing import Seal


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A form without faults."""

    request: Request
    answers: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """By the id of the field; whatever was left empty is left out."""
    touch: Mapping[str, str] = field(default_factory=dict)
    """What brought them: utm words, the referrer's host, the landing path."""
    question: str = ""
    """To the doctor."""
    ip: str = ""


@dataclass(frozen=True, slots=True)
class Guard:
    """What keeps the form from being used against others, and answers from being read."""

    seal: Seal
    secret: bytes
    """Turns addresses into the keys they are counted under."""
    limits: Limits
    words: InboundWords
    """By which a question with an urgent sign is known."""
    prove_email: bool = False
    """Double opt-in: boxes ticked for email count once they are confirmed from the address itself."""
    prove_texts: bool = False
    """Double opt-in: texts ticked for a number count once a code that went there comes back."""


@dataclass(frozen=True, slots=True)
class SignedUp:
    """A live registration, whether it is new, whether the question has an urgent sign in it, and if they must wait."""

    registration_id: int
    created: bool
    urgent: bool = False
    waits: bool = False


def sign_up(
    db: Connection, sent: Sent, guard: Guard, hours: SendingHours, now: datetime, *, horizon: timedelta
) -> SignedUp:
    """Register whoever sent the form, as `register` does, and keep what else the form said.

    A new place counts; one over a limit is written like any other, and its confirmation is
    skipped at the last look. Answers replace those given before, an empty one replaces
    nothing. Raises what `register` and `ask` raise; then nothing is written.
    """
    request = replace(sent.request, prove_email=guard.prove_email, prove_texts=guard.prove_texts)
    made = register(db, request, hours, now, horizon=horizon)
    sealed = {number: close_answer(guard.seal, answer) for number, answer in sent.answers.items()}
    form_fields.save_answers(db, made.registration_id, sealed, now)
    touches.note_touch(db, made.registration_id, sent.touch)
    if made.created:
        count_sign_up(db, made.registration_id, sent.request, guard, now, ip=sent.ip)
    elif made.texts:
        count_texts(db, made.registration_id, guard, now, ip=sent.ip)
    urgent = False
    place = people.place(db, made.registration_id) if sent.question else None
    if place is not None:
        urgent = ask(db, Ear(guard.seal, guard.words), place, sent.question, "form", now).urgent
    return SignedUp(made.registration_id, made.created, urgent, made.waits)


def close_answer(seal: Seal, answer: tuple[str, ...]) -> bytes:
    """Seal an answer."""
    return seal.close(json.dumps(answer).encode())


def open_answer(seal: Seal, sealed: bytes) -> tuple[str, ...]:
    """Give an answer back; raises `NotFound` if no secret of ours sealed it."""
    return tuple(json.loads(seal.open(sealed)))


def count_sign_up(
    db: Connection, registration_id: int, request: Request, guard: Guard, now: datetime, *, ip: str
) -> None:
    """Count a new place against the limits; beyond one, its confirmation is written and does not leave."""
    # The person's row is locked by `register`: of two sign-ups with one email address the second counts the first.
    _count(db, registration_id, keys_of(request.email, request.phone, ip), guard, now, frozenset(Channel))


def count_texts(db: Connection, registration_id: int, guard: Guard, now: datetime, *, ip: str) -> None:
    """Count texts that somebody asked for or agreed to after registering; beyond a limit no text confirms it.

    Each asking is judged by itself: one within the limits ends the hold of one before.
    """
    place = people.place(db, registration_id)
    if place is not None and place.phone is not None:
        keys = keys_of(place.email, place.phone, ip)
        by_number: dict[Counted, str] = {one: value for one, value in keys.items() if one is not Counted.EMAIL}
        _count(db, registration_id, by_number, guard, now, frozenset({Channel.SMS}))


def _count(
    db: Connection,
    registration_id: int,
    keys: Mapping[Counted, str],
    guard: Guard,
    now: datetime,
    confirmed_on: frozenset[Channel],
) -> None:
    hashed = {one: _key(guard.secret, one, value) for one, value in keys.items()}
    tallies = sign_ups.count(db, hashed.values(), now)
    channels = confirmed_on & held_back({one: tallies[key] for one, key in hashed.items()}, guard.limits)
    if channels:
        sign_ups.hold_back(db, registration_id, channels)
    elif confirmed_on == {Channel.SMS}:
        sign_ups.let_go(db, registration_id, Channel.SMS)


def _key(secret: bytes, counted: Counted, value: str) -> str:
    return hmac.digest(secret, f"sign-up\0{counted}\0{value}".encode(), "sha256").hex()
