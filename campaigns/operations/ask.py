"""A registrant asks the doctor: at sign-up, on the personal page, beside the talk, by reply.

The words are sealed before they are stored. A question with an urgent sign goes to a
human at once; the person who asked is shown the safety text, and nothing else is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from campaigns.domain.inbound import InboundWords, understand
from campaigns.domain.questions import MOST_OPEN, clean_question
from campaigns.errors import PageErased, Rejected, mark
from campaigns.store import alerts, erasures, questions
from campaigns.store.engine import Connection
from campaigns.store.people import Place
from campaigns.store.sealing import Seal

_URGENT = "Somebody asked the doctor in words that may mean an emergency. Read it now."
_TOO_MANY = mark("You have asked %(most)d questions that wait for an answer. Wait for those first, or call us.")

Source = Literal["form", "page", "watch", "reply"]


@dataclass(frozen=True, slots=True)
class Ear:
    """How the house listens: what it seals with, and the words it knows."""

    seal: Seal
    words: InboundWords


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a question."""

    question_id: int
    new: bool
    """False: the very same words wait already."""
    urgent: bool


def ask(
    db: Connection, ear: Ear, place: Place, said: str, source: Source, now: datetime, *, inbound_id: int | None = None
) -> Asked:
    """Store a question; the same one again while it waits is the same question.

    Raises `Rejected` with the remedy if it is too short, too long, or one too many, and `PageErased` if
    the person has erased themselves meanwhile.
    """
    words = clean_question(said)
    questions.one_at_a_time(db, place.registrant_id)
    if not erasures.stays(db, place.registrant_id):
        raise PageErased
    waiting = [
        one
        for one in questions.asked_by(db, place.registrant_id, place.webinar.id)
        if one.answer_id is None and one.closed_at is None
    ]
    for one in waiting:
        if ear.seal.open(one.body).decode() == words:
            return Asked(one.id, new=False, urgent=one.urgent)
    if len(waiting) >= MOST_OPEN:
        raise Rejected(_TOO_MANY, field="question", most=MOST_OPEN)
    urgent = understand(words, ear.words, email=True).urgent
    question_id = questions.add(
        db,
        place.registration_id,
        ear.seal.close(words.encode()),
        source=source,
        urgent=urgent,
        now=now,
        inbound_id=inbound_id,
    )
    if urgent:
        alerts.raise_alert(db, "person", f"question:{question_id}", _URGENT, now)
    return Asked(question_id, new=True, urgent=urgent)
