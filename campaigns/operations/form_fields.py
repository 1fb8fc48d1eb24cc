"""Staff put a field on a webinar's form, change its words, or take it off; each act is put on record.

The kind, the answers to choose from and whether a field is sensitive never change: what was
answered before would mean something else. Whoever needs that retires the field and adds another.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from campaigns.domain.form_fields import FormField, check
from campaigns.errors import NotFound, Rejected
from campaigns.store import form_fields, staff
from campaigns.store.engine import Connection

MOST: Final = 12
"""Fields on one form: it should stay a matter of a minute."""
LAST_POSITION: Final = 999


def add(db: Connection, webinar_id: int, field: FormField, *, staff_id: int, now: datetime) -> int:
    """Put a field on the form and give its id; raises `Rejected` naming the part at fault."""
    check(_placed(field))
    if len(form_fields.fields_of(db, webinar_id)) >= MOST:
        raise Rejected(f"A form has {MOST} fields at most. Retire one first.", field="key")
    field_id = form_fields.add_field(db, webinar_id, field, now)
    if field_id is None:
        raise Rejected("This webinar has, or had, a field of this name. Choose another.", field="key")
    detail = {"key": field.key, "kind": field.kind, "required": field.required, "sensitive": field.sensitive}
    _record(db, "form field added", field_id, detail, staff_id, now)
    return field_id


def change(
    db: Connection,
    webinar_id: int,
    field_id: int,
    *,
    label: str,
    hint: str,
    required: bool,
    position: int,
    staff_id: int,
    now: datetime,
) -> None:
    """Change what may change of a field; raises `NotFound` for one that is not on the form, `Rejected` for a fault."""
    found = _on_form(db, webinar_id, field_id)
    changed = check(_placed(replace(found, label=label, hint=hint, required=required, position=position)))
    form_fields.change_field(db, changed)
    detail = {"key": found.key, "required": required, "position": position, "words": changed.label != found.label}
    _record(db, "form field changed", field_id, detail, staff_id, now)


def retire(db: Connection, webinar_id: int, field_id: int, *, staff_id: int, now: datetime) -> None:
    """Take a field off the form for good; its answers stay. Raises `NotFound` for one that is not on the form."""
    found = _on_form(db, webinar_id, field_id)
    form_fields.retire_field(db, field_id, now)
    _record(db, "form field retired", field_id, {"key": found.key}, staff_id, now)


def _on_form(db: Connection, webinar_id: int, field_id: int) -> FormField:
    found = next((one for one in form_fields.fields_of(db, webinar_id) if one.id == field_id), None)
    if found is None:
        raise NotFound("This field is not on the form any more.")
    return found


def _placed(field: FormField) -> FormField:
    if not 0 <= field.position <= LAST_POSITION:
        raise Rejected(f"Write a whole number from 0 to {LAST_POSITION}.", field="position")
    return field


def _record(db: Connection, act: str, field_id: int, detail: dict[str, object], staff_id: int, now: datetime) -> None:
    staff.record(db, staff_id=staff_id, act=act, subject=f"form_field:{field_id}", detail=detail, now=now)
