"""What was ticked on a form and waits until the owner of the address, or of the number, confirms it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import cast, func, null, select, text, update
from sqlalchemy.dialects.postgresql import JSONB

from campaigns.domain.codes import MOST_TRIES, Asking
from campaigns.domain.lifecycle import Status
from campaigns.domain.steps import Anchor, Purpose
from campaigns.store.engine import Connection
from campaigns.store.sent import LEFT, among
from campaigns.store.tables import delivery, registration, step

UNPROVEN: Final = (
    "coalesce(r.texts_asked ->> 'phone' = n.phone"
    f" AND CAST(r.texts_asked ->> 'tries' AS integer) < {MOST_TRIES}, false)"
)
"""In SQL, of a registration `r` and its registrant `n`: a code is waited for, and wrong ones have not ended that."""


def ask_for(db: Connection, registration_id: int, asked: Mapping[Purpose, int | None]) -> None:
    """Keep what somebody ticked until they confirm it."""
    added = {purpose.value: wording_id for purpose, wording_id in asked.items()}
    change = update(registration).where(registration.c.id == registration_id)
    db.execute(change.values(asked=registration.c.asked.op("||")(cast(added, JSONB))))


def asked_for(db: Connection, registration_id: int) -> dict[Purpose, int | None]:
    """Give what waits to be confirmed, with the wording that was shown for each."""
    found = db.execute(select(registration.c.asked).where(registration.c.id == registration_id)).scalar_one()
    return {purpose: found[purpose.value] for purpose in Purpose if purpose.value in found}


def take_asked(db: Connection, registration_id: int) -> dict[Purpose, int | None]:
    """Give what waits to be confirmed, and let it wait no longer; of two who ask at once one gets it."""
    db.execute(select(registration.c.id).where(registration.c.id == registration_id).with_for_update())
    found = asked_for(db, registration_id)
    db.execute(update(registration).where(registration.c.id == registration_id).values(asked={}))
    return found


def read_asking(kept: Mapping[str, Any] | None) -> Asking | None:
    """Read what is kept of a yes to texts that waits for a code."""
    if kept is None:
        return None
    at = datetime.fromisoformat(kept["at"])
    return Asking(kept["phone"], kept["wording"], at, kept["tries"], kept.get("ip", ""))


def ask_for_texts(db: Connection, registration_id: int, asking: Asking, *, first: bool) -> None:
    """Keep a yes to texts until the code comes back, in the place of one before; only the first begins no new round."""
    kept = {
        "phone": asking.phone,
        "wording": asking.wording_id,
        "at": asking.at.isoformat(),
        "tries": asking.tries,
        "ip": asking.ip,
    }
    change = update(registration).where(registration.c.id == registration_id)
    db.execute(change.values(texts_asked=kept, texts_round=registration.c.texts_round + (0 if first else 1)))


def asking_of(db: Connection, registration_id: int) -> tuple[Asking | None, int]:
    """Give the yes to texts that waits, and its round; nobody else changes it until the transaction ends."""
    query = select(registration.c.texts_asked, registration.c.texts_round).where(registration.c.id == registration_id)
    row = db.execute(query.with_for_update()).one()
    return read_asking(row.texts_asked), row.texts_round


def note_wrong_code(db: Connection, registration_id: int) -> None:
    """Count a code that was wrong."""
    tries = text("jsonb_set(texts_asked, '{tries}', to_jsonb(CAST(texts_asked ->> 'tries' AS integer) + 1))")
    change = update(registration).where(registration.c.id == registration_id, registration.c.texts_asked.is_not(None))
    db.execute(change.values(texts_asked=tries))


def end_askings(db: Connection, registrant_id: int, phone: str) -> None:
    """Wait no longer for a code from a number, at any of the person's places."""
    change = update(registration).where(
        registration.c.registrant_id == registrant_id, registration.c.texts_asked["phone"].astext == phone
    )
    db.execute(change.values(texts_asked=null()))


def note_yes_to_texts(db: Connection, registration_id: int, now: datetime, *, new_round: bool) -> None:
    """Note when texts were agreed to after registering; what confirms a yes without a code belongs to a new round."""
    change = update(registration).where(registration.c.id == registration_id)
    db.execute(change.values(texts_agreed_at=now, texts_round=registration.c.texts_round + (1 if new_round else 0)))


_LEFT_TO: Final = text(f"""
SELECT EXISTS (
  SELECT 1 FROM delivery d JOIN step t ON t.id = d.step_id
  WHERE d.registration_id = :id AND t.anchor = 'asked' AND d.revision = -CAST(:round AS integer)
    AND d.phone = :phone AND d.status IN {LEFT})
""")  # noqa: S608  # our own states
_ASKED_TO: Final = text(f"""
SELECT (
  SELECT count(*) FROM delivery d JOIN step t ON t.id = d.step_id
  WHERE d.channel = 'sms' AND d.phone = :phone AND d.status IN {LEFT} AND t.anchor = 'asked' AND d.due_at > :since
) + (
  SELECT count(*) FROM registrant n JOIN registration r ON r.registrant_id = n.id
  JOIN delivery d ON d.registration_id = r.id JOIN step t ON t.id = d.step_id
  WHERE n.phone = :phone AND t.anchor = 'asked' AND d.status IN {among(Status.PLANNED, Status.QUEUED)}
    AND d.due_at > :since)
""")  # noqa: S608  # our own states


def code_left(db: Connection, registration_id: int, round_: int, phone: str) -> bool:
    """Say whether the code of this very round went to this number, or may have: nobody can know one that did not."""
    found: bool = db.execute(_LEFT_TO, {"id": registration_id, "round": round_, "phone": phone}).scalar_one()
    return found


def askings_to(db: Connection, phone: str, since: datetime) -> int:
    """Count the codes that went to a number after an instant, or are about to, whoever asked for them."""
    found: int = db.execute(_ASKED_TO, {"phone": phone, "since": since}).scalar_one()
    return found


def askings_since(db: Connection, registration_id: int, since: datetime) -> int:
    """Count the codes that were planned for a registration after an instant."""
    query = (
        select(func.count(delivery.c.revision.distinct()))
        .join(step, step.c.id == delivery.c.step_id)
        .where(
            delivery.c.registration_id == registration_id,
            step.c.anchor == Anchor.ASKED.value,
            delivery.c.due_at > since,
        )
    )
    return db.execute(query).scalar_one()
