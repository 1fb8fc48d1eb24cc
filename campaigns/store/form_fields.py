"""The fields of a webinar's form, and what registrants answered; answers come and go sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from campaigns.domain.form_fields import FieldKind, FormField
from campaigns.store.engine import Connection
from campaigns.store.tables import form_answer, form_field


@dataclass(frozen=True, slots=True)
class Answered:
    """What somebody answered to a field, as it is stored."""

    field: FormField
    sealed: bytes
    at: datetime


def fields_of(db: Connection, webinar_id: int) -> list[FormField]:
    """List the fields that stand on the form, in their order."""
    query = select(form_field).where(form_field.c.webinar_id == webinar_id, form_field.c.retired_at.is_(None))
    rows = db.execute(query.order_by(form_field.c.position, form_field.c.id))
    return [_field(row) for row in rows]


def retired_of(db: Connection, webinar_id: int) -> list[FormField]:
    """List the fields that were taken off the form, the last one first."""
    query = select(form_field).where(form_field.c.webinar_id == webinar_id, form_field.c.retired_at.is_not(None))
    rows = db.execute(query.order_by(form_field.c.retired_at.desc(), form_field.c.id))
    return [_field(row) for row in rows]


def add_field(db: Connection, webinar_id: int, field: FormField, now: datetime) -> int | None:
    """Write a field and give its id; None if the webinar has or had one of this key, which stays as it is."""
    statement = insert(form_field).values(
        webinar_id=webinar_id,
        key=field.key,
        label=field.label,
        hint=field.hint,
        kind=field.kind.value,
        options=list(field.options),
        required=field.required,
        sensitive=field.sensitive,
        position=field.position,
        created_at=now,
    )
    row = db.execute(statement.on_conflict_do_nothing().returning(form_field.c.id)).first()
    return row.id if row else None


def change_field(db: Connection, field: FormField) -> None:
    """Write what may change of a field: its words, whether it must be answered, where it stands."""
    change = update(form_field).where(form_field.c.id == field.id)
    db.execute(change.values(label=field.label, hint=field.hint, required=field.required, position=field.position))


def retire_field(db: Connection, field_id: int, now: datetime) -> None:
    """Take a field off the form; what was answered stays."""
    db.execute(update(form_field).where(form_field.c.id == field_id).values(retired_at=now))


def save_answers(db: Connection, registration_id: int, sealed: Mapping[int, bytes], now: datetime) -> None:
    """Write answers by the id of their field, over those that were given before."""
    if not sealed:
        return
    # In the order of the keys, so that two who send the form at once wait for each other and not both.
    rows = [
        {"registration_id": registration_id, "field_id": field_id, "answer": sealed[field_id], "at": now}
        for field_id in sorted(sealed)
    ]
    statement = insert(form_answer).values(rows)
    new = statement.excluded
    db.execute(
        statement.on_conflict_do_update(
            index_elements=[form_answer.c.registration_id, form_answer.c.field_id],
            set_={"answer": new.answer, "at": new.at},
        )
    )


def carry_over(db: Connection, before: int, after: int) -> None:
    """Let a place that takes over from another have its answers too, where it has none of its own."""
    theirs = select(literal(after), form_answer.c.field_id, form_answer.c.answer, form_answer.c.at)
    theirs = theirs.where(form_answer.c.registration_id == before)
    columns = ["registration_id", "field_id", "answer", "at"]
    db.execute(insert(form_answer).from_select(columns, theirs).on_conflict_do_nothing())


def answers_of(db: Connection, registration_id: int, *, sensitive: bool) -> list[Answered]:
    """List what a registrant answered, to the sensitive fields or to the others, in the order of the form."""
    query = (
        select(form_field, form_answer.c.answer, form_answer.c.at)
        .join(form_answer, form_answer.c.field_id == form_field.c.id)
        .where(form_answer.c.registration_id == registration_id, form_field.c.sensitive == sensitive)
        .order_by(form_field.c.position, form_field.c.id)
    )
    return [Answered(_field(row), bytes(row.answer), row.at) for row in db.execute(query)]


def _field(row: Row[Any]) -> FormField:
    return FormField(
        id=row.id,
        key=row.key,
        label=row.label,
        hint=row.hint,
        kind=FieldKind(row.kind),
        options=tuple(row.options),
        required=row.required,
        sensitive=row.sensitive,
        position=row.position,
    )
