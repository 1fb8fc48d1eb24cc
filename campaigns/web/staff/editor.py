"""Write a message: its words in every language, the claims it makes, and what the check says of them."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from campaigns.domain.steps import Channel
from campaigns.errors import Conflict, NotFound, Rejected
from campaigns.language import NAMES
from campaigns.lint.allowing import NEVER
from campaigns.lint.finding import Finding
from campaigns.operations.claims import register_of
from campaigns.operations.compose import LONGEST, Words, files_with, open_writing, save, words_in
from campaigns.operations.publish import lint_files
from campaigns.rendering.variables import NAMES as PLACEHOLDERS
from campaigns.store.claims import read_claims
from campaigns.web.staff import words
from campaigns.web.staff.desk import Act, Acting, Name, Signed, Visit, go_to, number
from campaigns.web.staff.messages import PARTS

router = APIRouter()

_ROWS: Final = {"subject": 1, "preheader": 2, "body": 22, "plain": 16, "text": 5}

_WIDE: Final = 60
"""Characters of a line in the form, about."""


@router.get("/staff/messages/{name}/edit")
def show_editor(visit: Signed, name: Name) -> Response:
    """Show the draft, or the newest words, in a form. Nothing changes."""
    visit.require_editor()
    return _page(visit, name)


@router.post("/staff/messages/{name}/edit")
def take_draft(act: Acting, name: Name) -> Response:
    """Save what was written, sound or not; nothing of it leaves before it is published and approved."""
    visit = act.visit
    visit.require_editor()
    typed = _typed(act)
    version_id, seen = number(act.text("version_id")), number(act.text("seen"))
    try:
        with visit.transaction() as db:
            me = visit.login.member.id
            save(db, name, typed, version_id=version_id, seen=seen, staff_id=me, now=visit.now)
    except NotFound:
        raise
    except Conflict as changed:
        return _page(visit, name, Rejected(str(changed)), typed, (version_id, seen))
    except Rejected as wrong:
        return _page(visit, name, wrong, typed, (version_id, seen))
    return go_to(f"/staff/messages/{name}/edit?done=saved")


def _page(
    visit: Visit,
    name: str,
    wrong: Rejected | None = None,
    typed: Words | None = None,
    opened: tuple[int, int] | None = None,
) -> Response:
    """Give the form; after one that was declined with what is wrong, what was typed, and what it was `opened` over."""
    with visit.transaction() as db:
        writing = open_writing(db, name)
        said = typed or words_in(writing.files)
        claims, register = read_claims(db), register_of(db)
        # What could not even be read is not checked.
        files = None if wrong is not None and wrong.field else files_with(db, writing.files, said)
    folder = visit.runtime.templates / "messages"
    found, measures = lint_files(register, name, files, folder) if files is not None else ((), ())
    errors = [one for one in found if one.severity == "error"]
    return visit.page(
        "message-edit.html",
        active="messages",
        status=422 if wrong else 200,
        name=name,
        writing=writing,
        opened=opened or (writing.version_id, writing.seen),
        saved=words.when(writing.saved_at, visit.zone, visit.now) if writing.saved_at else "",
        parts=[_part(key, text) for key, text in said.parts.items()],
        claims=claims,
        chosen=said.claims,
        allowed=said.allowed,
        errors=[(one, _spot(one)) for one in errors],
        warnings=[(one, _spot(one)) for one in found if one.severity == "warning"],
        passable=_passable(errors, said),
        measures=measures,
        placeholders=sorted(PLACEHOLDERS),
        longest=LONGEST,
        texts=writing.channel is Channel.SMS,
        wrong=wrong,
        done=visit.request.query_params.get("done", ""),
    )


def _typed(act: Act) -> Words:
    parts = {}
    for key in act.form:
        kind, _, code = key.partition(".")
        if kind in PARTS and code in NAMES:
            parts[key] = act.text(key).replace("\r\n", "\n")
    claims = tuple(str(one) for one in act.form.getlist("claims"))
    allowed = {key.removeprefix("allow."): act.text(key) for key in act.form if key.startswith("allow.")}
    return Words(parts, claims, {kind: why for kind, why in allowed.items() if why})


def _part(key: str, text: str) -> dict[str, object]:
    kind, _, code = key.partition(".")
    return {
        "key": key,
        "title": PARTS[kind],
        "language": code,
        "rows": max(_ROWS[kind], len(text) // _WIDE + 1) if _ROWS[kind] < _ROWS["text"] else _ROWS[kind],
        "text": text.rstrip("\n"),
    }


def _passable(errors: list[Finding], said: Words) -> list[tuple[str, str, str]]:
    """List what somebody may let pass with a reason: (kind, what was found, the reason so far)."""
    found = {one.kind: one.says for one in errors if one.kind not in NEVER}
    kinds = dict.fromkeys((*said.allowed, *found))
    return [(kind, found.get(kind, ""), said.allowed.get(kind, "")) for kind in kinds]


def _spot(one: Finding) -> str:
    """Say where it stands: the part of the form, and the line in it."""
    file = one.file.rpartition("/")[2]
    if one.file.count("/") < 2:  # noqa: PLR2004  # a file that lies beside the messages' folders
        return f"the frame, {file}"
    if file == "message.toml":
        return "subject, preheader or claims"
    language = next((name for code, name in NAMES.items() if f".{code}." in file), "")
    part = "text message" if file.startswith("sms") else "body"
    return f"{part}{f' in {language}' if language else ''}, line {one.line}"
