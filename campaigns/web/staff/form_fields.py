"""The fields of a webinar's form: what it asks beyond name and address, for staff to add, change and retire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from campaigns.domain.form_fields import LONGEST_HINT, LONGEST_LABEL, FieldKind, FormField
from campaigns.errors import NotFound, Rejected
from campaigns.operations import form_fields as acts
from campaigns.store import form_fields
from campaigns.store.engine import Connection
from campaigns.store.webinars import WebinarRow
from campaigns.web.staff.desk import Act, Acting, Id, Signed, Visit, go_to
from campaigns.web.staff.webinars import webinar_at

router = APIRouter()

_KINDS: Final = {
    FieldKind.TEXT: "one line, typed",
    FieldKind.SINGLE: "one answer, chosen",
    FieldKind.MULTI: "any answers, ticked",
    FieldKind.CHECKBOX: "one box to tick",
}
_PARTS: Final = ("key", "label", "hint", "kind", "options", "required", "sensitive", "position")


@router.get("/staff/webinars/{slug}/form")
def show_fields(visit: Signed, slug: str) -> Response:
    """Show the fields and the forms that change them. Nothing changes."""
    visit.require_editor()
    return _page(visit, slug)


@router.post("/staff/webinars/{slug}/form")
def take_new(act: Acting, slug: str) -> Response:
    """Add a field, or show the page again with what is wrong and everything that was typed."""

    def add(db: Connection, webinar: WebinarRow) -> None:
        acts.add(db, webinar.id, _field(act), staff_id=act.visit.login.member.id, now=act.visit.now)

    return _take(act, slug, add, done="added")


@router.post("/staff/webinars/{slug}/form/{field_id}")
def take_change(act: Acting, slug: str, field_id: Id) -> Response:
    """Change a field's words, place, and whether it must be answered."""

    def change(db: Connection, webinar: WebinarRow) -> None:
        acts.change(
            db,
            webinar.id,
            field_id,
            label=act.text("label"),
            hint=act.text("hint"),
            required=bool(act.text("required")),
            position=_position(act.text("position")),
            staff_id=act.visit.login.member.id,
            now=act.visit.now,
        )

    return _take(act, slug, change, done="changed", at=field_id)


@router.post("/staff/webinars/{slug}/form/{field_id}/retire")
def take_retirement(act: Acting, slug: str, field_id: Id) -> Response:
    """Take a field off the form; what was answered stays."""

    def retire(db: Connection, webinar: WebinarRow) -> None:
        acts.retire(db, webinar.id, field_id, staff_id=act.visit.login.member.id, now=act.visit.now)

    return _take(act, slug, retire, done="retired", at=field_id)


def _take(act: Act, slug: str, change: Callable[[Connection, WebinarRow], None], *, done: str, at: int = 0) -> Response:
    visit = act.visit
    visit.require_editor()
    try:
        with visit.transaction() as db:
            change(db, webinar_at(db, slug))
    except NotFound:
        raise
    except Rejected as wrong:
        return _page(visit, slug, wrong, {name: act.text(name) for name in _PARTS}, at)
    return go_to(f"/staff/webinars/{slug}/form?done={done}")


def _page(
    visit: Visit, slug: str, wrong: Rejected | None = None, typed: dict[str, str] | None = None, at: int = 0
) -> Response:
    with visit.transaction() as db:
        webinar = webinar_at(db, slug)
        fields = form_fields.fields_of(db, webinar.id)
        retired = form_fields.retired_of(db, webinar.id)
    return visit.page(
        "form-fields.html",
        active="webinars",
        status=422 if wrong else 200,
        webinar=webinar,
        fields=[(one, _KINDS[one.kind], _shown(one, typed if one.id == at else None)) for one in fields],
        retired=retired,
        kinds=[(kind.value, words) for kind, words in _KINDS.items()],
        typed=(None if at else typed) or dict.fromkeys(_PARTS, ""),
        next_position=max((one.position for one in fields), default=0) + 10,
        longest_label=LONGEST_LABEL,
        longest_hint=LONGEST_HINT,
        wrong=wrong,
        at=at,
        done=visit.request.query_params.get("done", ""),
    )


def _shown(field: FormField, typed: dict[str, str] | None) -> dict[str, object]:
    """Give what stands in the form of one field: what was typed where that was wrong, else what is stored."""
    if typed is not None:
        return dict(typed)
    return {"label": field.label, "hint": field.hint, "required": field.required, "position": field.position}


def _field(act: Act) -> FormField:
    try:
        kind = FieldKind(act.text("kind"))
    except ValueError:
        raise Rejected("Choose how the field is answered.", field="kind") from None
    return FormField(
        key=act.text("key"),
        label=act.text("label"),
        hint=act.text("hint"),
        kind=kind,
        options=tuple(line.strip() for line in act.text("options").splitlines() if line.strip()),
        required=bool(act.text("required")),
        sensitive=bool(act.text("sensitive")),
        position=_position(act.text("position")),
    )


def _position(words: str) -> int:
    if not (words.isascii() and words.isdigit()):
        raise Rejected(f"Write a whole number from 0 to {acts.LAST_POSITION}.", field="position")
    return int(words[:9])
