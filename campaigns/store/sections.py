"""The sections of a webinar's page: long, so only the page that shows them reads them."""

from __future__ import annotations

from sqlalchemy import select

from campaigns.domain.sections import Section, from_json
from campaigns.store.engine import Connection
from campaigns.store.tables import webinar


def sections_of(db: Connection, webinar_id: int) -> tuple[Section, ...]:
    """Give what the page of a webinar that exists has to teach, in its order."""
    return from_json(db.execute(select(webinar.c.sections).where(webinar.c.id == webinar_id)).scalar_one())
