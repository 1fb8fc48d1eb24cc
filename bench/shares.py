"""What share of a hand-off is rendering with MIME, SMTP, and the ledger: each measured alone, in this process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

from bench.figures import Figure
from bench.house import House
from campaigns.domain.lifecycle import Status
from campaigns.domain.messages import Message
from campaigns.domain.steps import Channel, Priority
from campaigns.operations.words import Words
from campaigns.providers.smtp import Smtp
from campaigns.store.campaigns import all_steps
from campaigns.store.engine import lane_connection, transaction
from campaigns.store.ledger_claim import claim_due
from campaigns.store.ledger_settle import Settlement, open_next
from campaigns.store.letters import Item, load_batch

COUNT = 1_000


def shares(home: House, port: int) -> Iterator[Figure]:
    """Render, hand over and record 1,000 confirmations, one thing after the other, on one lane."""
    home.run("UPDATE delivery SET status = 0, batch_id = NULL, attempt = 0, expires_at = due_at + interval '8 days'")
    now = home.runtime.clock()
    with transaction(home.runtime.engine) as db:
        batch_id = claim_due(db, Channel.EMAIL, Priority.URGENT, COUNT, now).batch_id
        assert batch_id is not None
    began = time.perf_counter()
    with transaction(home.runtime.engine) as db:
        items = load_batch(db, batch_id, now)
    loaded = time.perf_counter() - began
    words = Words(home.runtime.sender, home.runtime.links)
    rendering, messages = _render(home, words, items)
    ledger = _record(home, batch_id, items)
    handing = _hand_over(port, messages)
    parts = {"load": loaded, "render+mime": rendering, "ledger": ledger, "smtp": handing}
    for name, seconds in parts.items():
        yield Figure(f"share.{name}", seconds / len(items) * 1e6, "us/message", len(items))
    home.run("DELETE FROM delivery WHERE status IN (0, 1, 2)")


def _render(home: House, words: Words, items: list[Item]) -> tuple[float, list[Message]]:
    now = home.runtime.clock() + timedelta(seconds=1)
    with transaction(home.runtime.engine) as db:
        steps = all_steps(db)
        versions = words.prepare(db, {steps[item.step_id].template for item in items})
    began = time.perf_counter()
    messages = [words.render(item, steps[item.step_id], versions[steps[item.step_id].template], now) for item in items]
    return time.perf_counter() - began, messages


def _record(home: House, batch_id: int, items: list[Item]) -> float:
    now = home.runtime.clock()
    last = None
    db = lane_connection(home.runtime.engine)
    began = time.perf_counter()
    for item in items:
        attempt = open_next(db, batch_id, item.delivery_id, None, now, last)
        assert attempt is not None
        last = Settlement(item.delivery_id, attempt, Status.SENT, now)
    seconds = time.perf_counter() - began
    db.invalidate()
    db.close()
    return seconds


def _hand_over(port: int, messages: list[Message]) -> float:
    line = Smtp("127.0.0.1", port, security="none").connect()
    line.hand_off(messages[0])
    began = time.perf_counter()
    for message in messages:
        line.hand_off(message)
    seconds = time.perf_counter() - began
    line.close()
    return seconds
