"""What was ticked on a form and waits until the owner of the address confirms it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import cast, select, update
from sqlalchemy.dialects.postgresql import JSONB

from campaigns.domain.steps import Purpose
from campaigns.store.engine import Connection
from campaigns.store.tables import registration


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
