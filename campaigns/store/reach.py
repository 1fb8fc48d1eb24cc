"""Whom a kind of message may reach, as conditions in SQL about the registrant of the row at hand."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, or_

from campaigns.domain.steps import Channel, Purpose
from campaigns.store.tables import permission, registrant, suppression


def agreed(channel: Channel, purpose: Purpose) -> ColumnElement[bool]:
    """Say in SQL whether the registrant of the row at hand agreed to this kind of message."""
    return exists().where(
        permission.c.registrant_id == registrant.c.id,
        permission.c.channel == channel.value,
        permission.c.purpose == purpose.value,
        permission.c.granted,
    )


def suppressed(channel: Channel, purpose: Purpose) -> ColumnElement[bool]:
    """Say in SQL whether the address of the registrant at hand must not be written to for this purpose."""
    address = registrant.c.email if channel is Channel.EMAIL else registrant.c.phone
    return exists().where(
        suppression.c.channel == channel.value,
        suppression.c.address == address,
        suppression.c.lifted_at.is_(None),
        or_(suppression.c.purpose.is_(None), suppression.c.purpose == purpose.value),
    )


def gets_texts() -> ColumnElement[bool]:
    """Say in SQL whether the registrant at hand gets text reminders."""
    return and_(
        registrant.c.phone.is_not(None),
        agreed(Channel.SMS, Purpose.SERVICE),
        ~suppressed(Channel.SMS, Purpose.SERVICE),
    )
