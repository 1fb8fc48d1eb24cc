"""Take in what providers tell us, and apply it to the ledger.

Taking in is quick and done by the web: the call as it came, and what it says, are stored
once. Applying is done by the scheduler, in any order and after any repetition: the state
of a delivery follows from all its receipts together, never from the last one to arrive.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from campaigns import logs
from campaigns.domain.inbound import InboundWords
from campaigns.domain.lifecycle import Status, after_receipts
from campaigns.domain.receipts import Kind, Reading, Receipt
from campaigns.domain.retry import next_try
from campaigns.domain.rulings import Act, Ruling, SmtpTable, TwilioTable, judge_code, judge_reply
from campaigns.domain.steps import Channel
from campaigns.domain.tokens import CALLBACK, Signer
from campaigns.errors import LinkExpired
from campaigns.operations import complaints, hear
from campaigns.operations.consequences import of_address, of_stream
from campaigns.rendering.identity import read_send_token
from campaigns.rendering.variables import Sender
from campaigns.store import strikes
from campaigns.store.engine import Connection, DatabaseLost, Engine, transaction
from campaigns.store.receipts import (
    Told,
    Waiting,
    deliveries_told,
    delivery_exists,
    kinds_told,
    mark_applied,
    move_by_receipt,
    send_again_after,
    store_arrival,
    store_receipt,
    told_delivery,
    waiting_receipts,
)
from campaigns.store.sealing import Seal
from campaigns.store.streams import newest_stream

_MANY: Final = 200
_WITNESSES: Final = 3
_LATELY: Final = timedelta(hours=24)
"""Anybody can write a bounce about a mail they got: only several of them within a day say something about us."""


@dataclass(frozen=True, slots=True)
class Ears:
    """What is needed to take in and to apply; built once by the runtime."""

    seal: Seal
    signer: Signer
    sender: Sender
    words: InboundWords
    smtp_replies: SmtpTable
    twilio_codes: TwilioTable
    twilio_answers: bool
    """Twilio itself answers its own keywords (STOP, START, HELP)."""


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What a call brought that was not known before."""

    receipts: int
    inbound: int
    answer: str = ""
    """What to answer the sender of a text; empty: nothing, or somebody else answers."""


def take_in(db: Connection, ears: Ears, provider: str, raw: bytes, reading: Reading, now: datetime) -> TakenIn:
    """Store a call or mail and all that was read from it, each event once; nothing is applied yet."""
    arrival_id = store_arrival(db, provider, ears.seal.close(raw), now)
    new = sum(_store(db, ears, arrival_id, one, now) for one in reading.receipts)
    heard, answer = 0, ""
    for text in reading.texts:
        fresh, answer = hear.take_text(db, ears.words, ears.seal, arrival_id, text, now, by_twilio=ears.twilio_answers)
        heard += fresh
    for mail in reading.mails:
        heard += hear.take_mail(db, ears.words, ears.seal, arrival_id, mail, _token(ears, mail.send_token), now)
    return TakenIn(new, heard, answer)


def apply_receipts(engine: Engine, ears: Ears, now: datetime, *, most: int = _MANY) -> int:
    """Apply what was taken in, each receipt in a transaction of its own; give their number.

    One that cannot be applied is marked so and logged; it keeps no other from being applied.
    """
    applied = 0
    while applied < most:
        with transaction(engine) as db:
            waiting = waiting_receipts(db, 1)
            if not waiting:
                break
            try:
                with db.begin_nested():
                    effect = _apply(db, ears, waiting[0], now)
            except DatabaseLost:
                raise  # the receipt waits
            except Exception as error:  # noqa: BLE001  # one receipt at fault must not stop the others
                logs.event("receipt broke", level=logs.ERROR, error=error, receipt=waiting[0].receipt_id)
                effect = f"fault: {type(error).__name__}"
            mark_applied(db, waiting[0].receipt_id, effect, now)
        applied += 1
    return applied


def _store(db: Connection, ears: Ears, arrival_id: int, one: Receipt, now: datetime) -> bool:
    delivery_id, attempt = _whose(ears, one)
    if delivery_id is not None and not delivery_exists(db, delivery_id, one.channel):
        delivery_id = attempt = None
    return store_receipt(db, arrival_id, one, delivery_id, attempt, now)


def _whose(ears: Ears, one: Receipt) -> tuple[int | None, int | None]:
    """Find the delivery by our own tokens, which nobody else can make; a provider's name for it proves nothing."""
    if one.callback_token:
        try:
            delivery_id, attempt = ears.signer.read(CALLBACK, one.callback_token)
        except (LinkExpired, ValueError):
            return None, None
        return delivery_id, attempt
    return _token(ears, one.send_token), None


def _token(ears: Ears, token: str) -> int | None:
    try:
        return read_send_token(token, ears.sender) if token else None
    except LinkExpired:
        return None


def _apply(db: Connection, ears: Ears, one: Waiting, now: datetime) -> str:
    told = told_delivery(db, one.delivery_id) if one.delivery_id is not None else None
    if told is None:
        return "no delivery of ours"
    effects = [_move(db, ears, one, told, now)]
    if one.kind is Kind.COMPLAINED:
        effects.append(complaints.complained(db, told, now))
    elif one.kind is Kind.UNSUBSCRIBED:
        effects.append(complaints.unsubscribed(db, told, now))
    elif one.kind is Kind.DELIVERED and told.address:
        strikes.forget(db, told.channel, told.address)
    return ", ".join(filter(None, effects)) or "nothing new"


def _move(db: Connection, ears: Ears, one: Waiting, told: Told, now: datetime) -> str:
    if one.kind in (Kind.COMPLAINED, Kind.UNSUBSCRIBED, Kind.IGNORED):
        return ""
    older = one.attempt is not None and one.attempt < told.attempt
    if older and one.kind is not Kind.DELIVERED:
        return "about an earlier attempt"
    ruling = _ruling(ears, one) if one.kind is Kind.BOUNCED else None
    if ruling is not None:
        effect = _consequences(db, one, told, ruling, now)
        if ruling.act is Act.RETRY and told.status is not Status.DELIVERED and _again(db, one, told, ruling, now):
            return f"{effect}, planned once more".removeprefix(", ")
    else:
        effect = ""
    after = after_receipts(told.status, told.attempt, kinds_told(db, told.delivery_id, one.attempt))
    if after is told.status:
        return effect
    reason = _reason(one, ruling) if after is Status.BOUNCED else None
    move_by_receipt(db, told, after, reason=reason, provider_id=one.provider_id, now=now)
    return f"{after.name.lower()}, {effect}".removesuffix(", ")


def _consequences(db: Connection, one: Waiting, told: Told, ruling: Ruling, now: datetime) -> str:
    done = of_address(db, told.channel, told.address, told.delivery_id, ruling, now, source=one.provider)
    stream = newest_stream(db, told.channel)
    if stream is not None and (one.provider != "mail" or deliveries_told(db, one.code, now - _LATELY) >= _WITNESSES):
        of_stream(db, stream.id, told.address.rpartition("@")[2], ruling, now)
    return done


def _again(db: Connection, one: Waiting, told: Told, ruling: Ruling, now: datetime) -> bool:
    if told.status not in (Status.SENT, Status.SENDING, Status.UNKNOWN) or (ruling.once and told.retries):
        return False
    due_at = next_try(told.delivery_id, told.retries + 1, now, told.expires_at, None, ruling)
    return due_at is not None and send_again_after(db, told, due_at, _reason(one, ruling), now)


def _ruling(ears: Ears, one: Waiting) -> Ruling:
    if one.channel is Channel.SMS:
        return judge_code(ears.twilio_codes, int(one.code) if one.code.isdecimal() else None, None, callback=True)
    digit = 4 if one.code.startswith("4") else 5
    return judge_reply(ears.smtp_replies, one.smtp_code or digit * 100 + 50, one.code, one.detail, final=True)


def _reason(one: Waiting, ruling: Ruling | None) -> str:
    said = " ".join(filter(None, (one.code or str(one.smtp_code or ""), ruling.words if ruling else "")))
    return said or f"{one.provider} says it came back"
