"""What people write to us: store it, answer where it is ours to answer, and do as they say.

One layer answers a text: Twilio, where it knows the word and answers it itself; else we,
in the answer to its webhook, once. What is unclear holds all sends to the number until
somebody has read it. A sign of danger goes to a human at once, whatever else it says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from campaigns import logs
from campaigns.domain.inbound import (
    InboundWords,
    Meaning,
    Understood,
    is_keyword,
    mentions_texts,
    new_words,
    understand,
)
from campaigns.domain.receipts import InboundMail, InboundText
from campaigns.domain.steps import Channel, Purpose
from campaigns.errors import Rejected
from campaigns.operations.ask import Ear, ask
from campaigns.operations.revoke import Revocation, let_flow, revoke
from campaigns.operations.switch import current_place
from campaigns.store import alerts, inbound
from campaigns.store.consents import stopped
from campaigns.store.engine import Connection, DatabaseLost, Engine, transaction
from campaigns.store.sealing import Seal

_MANY: Final = 200
_URGENT: Final = "Somebody wrote words that may mean an emergency. Read it now."
_UNCLEAR: Final = "A reply may mean stop. Nothing more goes to this address until somebody has read it."
_AUTOMATIC: Final = "automatic"
_WAITS: Final = "waits for somebody to read it"


def take_text(
    db: Connection,
    words: InboundWords,
    seal: Seal,
    arrival_id: int,
    text: InboundText,
    now: datetime,
    *,
    by_twilio: bool,
) -> tuple[bool, str]:
    """Store a text; give whether it is new, and the name of the answer that is ours to give (empty: none)."""
    understood = understand(text.body, words, opt_out=text.opt_out)
    new = inbound.NewInbound(
        arrival_id=arrival_id,
        provider=text.provider,
        event_id=text.event_id,
        channel=Channel.SMS,
        sender=text.sender,
        body=seal.close(text.body.encode()),
        meaning=understood.meaning.value,
        matched=understood.matched,
        urgent=understood.urgent,
        registration_id=inbound.registration_of(db, Channel.SMS, text.sender),
        closed=_needs_nobody(understood),
    )
    silent = inbound.stop_waits(db, text.sender) or stopped(db, Channel.SMS, text.sender, Purpose.SERVICE)
    fresh = inbound.store(db, new, now)
    if not fresh:
        return False, ""
    answered = bool(text.opt_out) or (by_twilio and is_keyword(text.body, words))
    return True, _answer(understood, answered=answered, silent=silent)


def take_mail(
    db: Connection,
    words: InboundWords,
    seal: Seal,
    arrival_id: int,
    mail: InboundMail,
    delivery_id: int | None,
    now: datetime,
) -> bool:
    """Store an email; False if it is known already. No email is ever answered by itself."""
    understood = _understood(mail, words)
    # Who writes is whoever our own token in the mail names; a From line is believed only without one.
    sender = inbound.recipient_of(db, delivery_id) if delivery_id is not None else None
    new = inbound.NewInbound(
        arrival_id=arrival_id,
        provider="mail",
        event_id=mail.event_id,
        channel=Channel.EMAIL,
        sender=sender or mail.sender,
        body=seal.close(f"{mail.subject}\n\n{mail.text}".encode()),
        meaning=_AUTOMATIC if mail.automatic else understood.meaning.value,
        matched=understood.matched,
        urgent=understood.urgent and not mail.automatic,
        registration_id=inbound.registration_of(db, Channel.EMAIL, sender or mail.sender),
        closed=mail.automatic or _needs_nobody(understood),
    )
    return inbound.store(db, new, now)


def apply_inbound(engine: Engine, seal: Seal, words: InboundWords, now: datetime) -> int:
    """Do what was said, each in a transaction of its own; give the number of messages seen to."""
    applied = 0
    while applied < _MANY:
        with transaction(engine) as db:
            found = inbound.waiting(db, 1)
            if not found:
                break
            _do(db, seal, words, found[0], now)
        applied += 1
    return applied


def apply_what_came_from(db: Connection, ear: Ear, senders: Collection[tuple[Channel, str]], now: datetime) -> None:
    """Do what these addresses said and nobody has done yet, in your transaction; waits for whoever is doing it."""
    for one in inbound.waiting_from(db, senders):
        _do(db, ear.seal, ear.words, one, now)


def _do(db: Connection, seal: Seal, words: InboundWords, one: inbound.Inbound, now: datetime) -> None:
    try:
        with db.begin_nested():
            effect = _apply(db, seal, words, one, now)
    except DatabaseLost:
        raise  # the message waits
    except Exception as error:  # noqa: BLE001  # one message at fault must not stop the others
        logs.event("inbound broke", level=logs.ERROR, error=error, inbound=one.id)
        effect = f"fault: {type(error).__name__}"
    inbound.mark_applied(db, one.id, effect, now)


def _understood(mail: InboundMail, words: InboundWords) -> Understood:
    if not new_words(mail.text).strip():
        return understand(mail.subject, words, email=True)
    said = understand(mail.text, words, email=True)
    subject = understand(mail.subject, words, email=True)
    # A subject of their own that says no more than stop counts, whatever stands below it.
    own = not mail.subject.strip().lower().startswith("re:") and subject.alone and subject.meaning is Meaning.STOP
    return replace(subject, urgent=said.urgent or subject.urgent) if own else said


def _needs_nobody(understood: Understood) -> bool:
    return understood.alone and not understood.urgent


def _answer(understood: Understood, *, answered: bool, silent: bool) -> str:
    if understood.meaning is Meaning.STOP:
        return "" if answered or silent else "stop_confirmation"
    if understood.meaning is Meaning.HELP:
        return "" if answered else "help"
    if understood.meaning is Meaning.START:
        return "" if answered or not silent else "start_confirmation"
    return "safety" if understood.urgent and not silent else ""


def _apply(db: Connection, seal: Seal, words: InboundWords, one: inbound.Inbound, now: datetime) -> str:
    if one.urgent:
        alerts.raise_alert(db, "person", f"inbound:{one.id}", _URGENT, now)
    act = _ACTS.get(one.meaning)
    return act(db, seal, words, one, now) if act else _WAITS


def _stop(db: Connection, seal: Seal, words: InboundWords, one: inbound.Inbound, now: datetime) -> str:
    said = seal.open(one.body).decode()
    if one.channel is Channel.SMS:
        new = revoke(db, Revocation(Channel.SMS, one.sender, None, means="reply", words=said, now=now))
        return "all texts to this number are stopped" if new else "the number was stopped before"
    done = []
    of_texts = mentions_texts(said, words)
    if of_texts.texts:
        for phone in inbound.phones_of_email(db, one.sender):
            revoke(db, Revocation(Channel.SMS, phone, None, means="email", words=said, now=now))
            done.append("all texts are stopped")
    if of_texts.emails or not of_texts.texts:
        revoke(db, Revocation(Channel.EMAIL, one.sender, None, means="email", words=said, now=now))
        done.append("all emails are stopped")
    return ", ".join(dict.fromkeys(done)) or "no number is known of whoever wrote this"


def _start(db: Connection, _seal: Seal, _words: InboundWords, one: inbound.Inbound, now: datetime) -> str:
    if one.channel is not Channel.SMS:
        return "an email cannot start texts again"
    return "texts flow again" if let_flow(db, one.sender, now) else "nothing was stopped"


def _hold(db: Connection, _seal: Seal, _words: InboundWords, one: inbound.Inbound, now: datetime) -> str:
    if not one.sender:
        return "nobody knows who wrote this"
    inbound.hold(db, one.channel, one.sender, one.id, now)
    if not one.urgent:  # else the alert is raised already
        alerts.raise_alert(db, "review", f"inbound:{one.id}", _UNCLEAR, now)
    return "sends wait until somebody has read it"


def _question(db: Connection, seal: Seal, words: InboundWords, one: inbound.Inbound, now: datetime) -> str:
    """Give a plain question of somebody we know to the doctor; whatever else it is, a person reads it first."""
    whole = seal.open(one.body).decode("utf-8", "replace")
    # Of an email the subject comes first.
    said = new_words(whole.partition("\n\n")[2] if one.channel is Channel.EMAIL else whole)
    if one.registration_id is None or one.urgent or "?" not in said:
        return _WAITS
    try:
        place = current_place(db, one.registration_id)
        ask(db, Ear(seal, words), place, said, "reply", now, inbound_id=one.id)
    except Rejected:
        return _WAITS
    inbound.close(db, one.id, None, now)
    return "given to the doctor as a question"


def _nothing(_db: Connection, _seal: Seal, _words: InboundWords, one: inbound.Inbound, _now: datetime) -> str:
    return "a machine wrote it" if one.meaning == _AUTOMATIC else "answered"


_ACTS: Final[Mapping[str, Callable[[Connection, Seal, InboundWords, inbound.Inbound, datetime], str]]] = {
    Meaning.STOP.value: _stop,
    Meaning.START.value: _start,
    Meaning.HOLD.value: _hold,
    Meaning.HELP.value: _nothing,
    Meaning.QUESTION.value: _question,
    _AUTOMATIC: _nothing,
}
