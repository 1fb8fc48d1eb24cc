"""The messages: which words go out, who approved them, what they claim, and what has changed between versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import unified_diff
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from campaigns.domain.steps import Channel
from campaigns.errors import NotFound, Rejected
from campaigns.lint.finding import Finding
from campaigns.operations.approve import APPROVED_FOR, CLINICIAN
from campaigns.operations.claims import register_of
from campaigns.operations.compose import own_files, words_in
from campaigns.operations.publish import lint_files
from campaigns.rendering.environment import Source
from campaigns.rendering.frame import FRAME_FILES, written_in
from campaigns.store import staff
from campaigns.store.approvals import Given, approvals_of
from campaigns.store.campaigns import all_steps
from campaigns.store.claims import claims_of
from campaigns.store.drafts import read_draft
from campaigns.store.engine import Connection
from campaigns.store.versions import Version, going_versions, template_content, versions_of, writers_of
from campaigns.web.staff import words
from campaigns.web.staff.desk import Name, Signed, Visit
from campaigns.web.staff.standing import captures, standings, title_of, told

router = APIRouter()

_FILTERS: Final = (
    ("", "All"),
    ("waiting", "Wait for a clinician"),
    ("held", "Do not leave"),
    ("drafts", "With a draft"),
)
PARTS: Final = {
    "subject": "Subject",
    "preheader": "Preheader",
    "body": "Body",
    "plain": "Text part, written by hand",
    "text": "Text message",
}


@router.get("/staff/messages")
def show_messages(visit: Signed, show: str = "") -> Response:
    """List the messages, each with how it stands."""
    with visit.transaction() as db:
        found = standings(db, visit)
    kept = {
        "waiting": [one for one in found if one.waits],
        "held": [one for one in found if not one.leaves],
        "drafts": [one for one in found if one.draft],
    }
    chosen = show if show in kept else ""
    counts = {"": len(found), **{key: len(rows) for key, rows in kept.items()}}
    return visit.page(
        "messages.html",
        active="messages",
        rows=kept.get(chosen, found),
        filters=[(key, title, counts[key]) for key, title in _FILTERS],
        chosen=chosen,
        demonstrations=sum(one.told.sign == "held" for one in found),
    )


@router.get("/staff/messages/{name}")
def show_message(visit: Signed, name: Name, version: int = 0) -> Response:
    """Show one version of a message, the newest unless another is asked for."""
    return message_page(visit, name, version)


def message_page(
    visit: Visit, name: str, version_id: int = 0, wrong: Rejected | None = None, typed: dict[str, str] | None = None
) -> Response:
    """Give the page of a message; after a form that was declined with what is wrong and what was `typed`."""
    with visit.transaction() as db:
        versions = versions_of(db, name)
        if not versions:
            raise NotFound
        shown = next((one for one in versions if one.id == version_id), None) if version_id else versions[0]
        if shown is None:
            raise NotFound
        given = approvals_of(db, [one.id for one in versions])
        facts = _facts(db, visit, shown, versions, given)
        register = register_of(db)
        draft = read_draft(db, name)
        acts = staff.acts_on(db, f"message:{name}", 10)
    findings, measures = lint_files(register, name, facts.pop("files"), visit.runtime.templates / "messages")
    return visit.page(
        "message.html",
        active="messages",
        status=422 if wrong else 200,
        name=name,
        shown=shown,
        versions=[_line(one, given, visit) for one in versions],
        draft=(draft, words.when(draft.saved_at, visit.zone, visit.now)) if draft else None,
        acts=[(one, words.when(one.at, visit.zone, visit.now)) for one in acts],
        findings=_worth(findings),
        measures=measures,
        most_days=APPROVED_FOR.days,
        wrong=wrong,
        typed=typed or {},
        done=visit.request.query_params.get("done", ""),
        **facts,
    )


def _facts(db: Connection, visit: Visit, shown: Version, versions: list[Version], given: list[Given]) -> dict[str, Any]:
    source = Source.from_json(template_content(db, shown.id))
    files = own_files(source)
    said = words_in(files)
    channel = Channel.SMS if "sms.txt" in files else Channel.EMAIL
    captured = captures(visit, channel)
    going = going_versions(db, captured=captured).get(shown.name)
    mine = [one for one in given if one.version_id == shown.id]
    in_force = [one for one in mine if one.holds(visit.now) and (captured or not one.approval.demo)]
    older = _compared(shown, versions, given, going)
    leaves = any(
        one.version_id == going and one.holds(visit.now) and (captured or not one.approval.demo) for one in given
    )
    steps = sorted({step.name for step in all_steps(db).values() if step.template == shown.name})
    role, hands = visit.login.member.role, writers_of(db, shown.id)
    return {
        "title": title_of(shown.name, steps),
        "channel": channel,
        "steps": steps,
        "going": next((one.number for one in versions if one.id == going), 0),
        "goes": shown.id == going,
        "leaves": leaves,
        "state_of": told(_strongest(mine, in_force), visit),
        "approvals": [_given(one, visit) for one in mine],
        "parts": [(PARTS[key.partition(".")[0]], key.partition(".")[2], text) for key, text in said.parts.items()],
        "claims": claims_of(db, shown.id),
        "files": files,
        "allowed": said.allowed,
        "compared": older.number if older else 0,
        "difference": _difference(db, older, source) if older else [],
        "captured": captured,
        "hands": list(hands.values()),
        "wrote": role == CLINICIAN and visit.login.member.id in hands,
        "may_approve": role == CLINICIAN and visit.login.member.id not in hands,
        "may_show": role == "admin" and captured and not in_force,
        "may_withdraw": bool(in_force) and role in (CLINICIAN, "marketing", "admin"),
    }


def _worth(findings: Sequence[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda one: (one.severity != "error", one.file, one.line))


def _strongest(mine: list[Given], in_force: list[Given]) -> Given | None:
    real = [one for one in in_force if not one.approval.demo]
    return next(iter([*real, *in_force, *mine]), None)


def _compared(shown: Version, versions: list[Version], given: list[Given], going: int | None) -> Version | None:
    """Choose what a version is compared with: what a clinician has read last, what goes out, or the one before."""
    elders = [one for one in versions if one.id < shown.id]
    read = {one.version_id for one in given if not one.approval.demo}
    ways = (
        [one for one in elders if one.id in read],
        [one for one in elders if one.id == going],
        elders,
    )
    return next((found[0] for found in ways if found), None)


def _difference(db: Connection, older: Version, source: Source) -> list[tuple[str, list[tuple[str, str]]]]:
    """Give what has changed of everything that was written: the message's own files, the frame's, the citations."""
    before, files = _written(Source.from_json(template_content(db, older.id))), _written(source)
    changed = []
    for file in sorted({*before, *files}):
        lines = list(_lines(before.get(file, ""), files.get(file, "")))
        if lines:
            changed.append((file, lines))
    return changed


def _written(source: Source) -> dict[str, str]:
    frame = {file: text for file, text in source.files.items() if written_in(file, source.files) == file}
    return {
        **{file: text for file, text in frame.items() if file in FRAME_FILES},
        **own_files(source),
        "sources": source.sources,
    }


def _lines(before: str, after: str) -> Iterator[tuple[str, str]]:
    signs = {"+": "added", "-": "gone", " ": "same"}
    for number, line in enumerate(unified_diff(before.splitlines(), after.splitlines(), n=1, lineterm="")):
        if number > 1 and not line.startswith("@@"):  # the first two lines are the files' names
            yield signs[line[:1]], line[1:]


def _line(version: Version, given: list[Given], visit: Visit) -> tuple[Version, str, bool]:
    real = any(one.version_id == version.id and one.holds(visit.now) and not one.approval.demo for one in given)
    return version, words.when(version.created_at, visit.zone, visit.now), real


def _given(one: Given, visit: Visit) -> dict[str, object]:
    return {
        "given": one,
        "told": told(one, visit),
        "when": words.when(one.approved_at, visit.zone, visit.now),
        "until": words.date(one.approval.expires_at, visit.zone, visit.now),
    }
