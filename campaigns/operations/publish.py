"""Publish messages: from files, or from a draft that staff have written, to versions that never change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final

from campaigns import logs
from campaigns.errors import Conflict, NotFound, Rejected
from campaigns.lint.check import Measure, check_message
from campaigns.lint.draft import draft_of
from campaigns.lint.finding import Finding
from campaigns.operations.approve import APPROVED_FOR, DEMONSTRATION, refuse_unusable
from campaigns.operations.claims import load_register, register_of
from campaigns.rendering.claims import Claim, Register
from campaigns.rendering.environment import Source, compile_all, load_sources, read_frame, source_of
from campaigns.rendering.front_matter import read_front_matter
from campaigns.store import staff
from campaigns.store.approvals import Approval, approvals_of, approve, approved_versions
from campaigns.store.claims import USABLE, hold_claims
from campaigns.store.drafts import OVERTAKEN, drop_draft, read_draft
from campaigns.store.engine import Connection
from campaigns.store.staff import Member
from campaigns.store.versions import publish_template, staff_written, versions_of, writers_of

_MONTH: Final = timedelta(days=30)


def publish_sources(db: Connection, folder: Path, now: datetime) -> int:
    """Write a version of every template in `folder` that is not stored yet; give the number of templates.

    Each version gets an approval that counts for a demonstration only, where messages are captured on
    this machine. A template that staff have rewritten stays as they have it, and one whose claims somebody
    has withdrawn is not published. Raises `TemplateInvalid` if one does not compile; then none is written.
    """
    sources = load_sources(folder)
    for source in sources.values():
        compile_all(source)
    load_register(db, folder.parent / "claims.toml", now)
    shown, theirs = approved_versions(db, now + _MONTH, captured=True), staff_written(db)
    for name, source in sources.items():
        claims = claims_in(source)
        standings = hold_claims(db, claims)
        if name in theirs:
            continue
        if fallen := sorted(one for one, status in standings.items() if status not in USABLE):
            logs.event("message not published", level=logs.WARNING, template=name, claim=fallen[0])
            continue
        version_id = publish_template(db, name, source.content_hash, source.to_json(), now, claims=claims)
        if version_id not in shown and not _ruled(db, version_id):
            approve(db, version_id, Approval(DEMONSTRATION, "", now + APPROVED_FOR, demo=True), now)
    return len(sources)


def lint_files(
    register: Register, name: str, files: Mapping[str, str], folder: Path
) -> tuple[tuple[Finding, ...], tuple[Measure, ...]]:
    """Check a message that is being written as `campaigns content check` would, by the register as it stands.

    `folder` holds the frame. Takes up to a second for words not seen before: call it outside a transaction.
    """
    frame, claims = read_frame(folder), tuple(register.claims.values())
    return _linted(name, _pairs(files), _pairs(frame), claims, _pairs(register.citations))


def _pairs(texts: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(texts.items())


@lru_cache(maxsize=64)
def _linted(
    name: str,
    files: tuple[tuple[str, str], ...],
    frame: tuple[tuple[str, str], ...],
    claims: tuple[Claim, ...],
    citations: tuple[tuple[str, str], ...],
) -> tuple[tuple[Finding, ...], tuple[Measure, ...]]:
    found: list[Finding] = []
    register = Register({one.id: one for one in claims}, dict(citations))
    own, measures = check_message(draft_of(name, dict(files), dict(frame), register, found))
    return (*found, *own), tuple(measures)


def publish_draft(db: Connection, name: str, folder: Path, *, seen: int, member: Member, now: datetime) -> int:
    """Write the draft of a message as a new version, and throw the draft away; give the version's id.

    The version has no approval: what went out before goes on until a clinician has read this one.
    Raises `NotFound` without a draft, `Conflict` when it was saved since it was `seen`, `Rejected` naming
    file, line and remedy when the check finds an error, or the words are those of the newest version.
    """
    draft = read_draft(db, name, to_publish=True)
    if draft is None:
        raise NotFound
    if draft.round != seen:
        raise Conflict(OVERTAKEN)
    found, _ = lint_files(register_of(db), name, draft.files, folder)
    errors = [one for one in found if one.severity == "error"]
    if errors:
        raise Rejected(f"It cannot be published yet. {errors[0]}")
    source = source_of(name, draft.files, read_frame(folder), register_of(db))
    compile_all(source)
    claims = claims_in(source)
    refuse_unusable(hold_claims(db, claims))
    newest = versions_of(db, name)
    if newest and newest[0].content_hash == source.content_hash:
        raise Rejected("Nothing is new: these are the words of the newest version.")
    if any(one.content_hash == source.content_hash for one in newest):
        source = _again(source, now)
    hands = {*draft.writers, *_unread(db, draft.version_id)}
    version_id = publish_template(
        db, name, source.content_hash, source.to_json(), now, claims=claims, written_by=member.id, writers=hands
    )
    drop_draft(db, name, seen=seen)
    told = {"version": len(newest) + 1}
    staff.record(db, staff_id=member.id, act="message published", subject=f"message:{name}", detail=told, now=now)
    return version_id


def _unread(db: Connection, version_id: int) -> dict[int, str]:
    """Give who has words in a version that no clinician has approved yet: they are still in what is built on it."""
    if any(not one.approval.demo for one in approvals_of(db, [version_id])):
        return {}
    return writers_of(db, version_id)


def _ruled(db: Connection, version_id: int) -> bool:
    """Say whether somebody has taken an approval of this version back."""
    return any(one.withdrawn_at is not None for one in approvals_of(db, [version_id]))


def _again(source: Source, now: datetime) -> Source:
    """Make another version of words that an older one has to the letter, so that they can follow the newest."""
    told = f"{source.files['message.toml'].rstrip()}\n# these words again, {now:%Y-%m-%d %H:%M:%S} UTC\n"
    return Source(source.name, {**source.files, "message.toml": told}, source.sources)


def claims_in(source: Source) -> tuple[str, ...]:
    """Give the ids of the claims that a message lists."""
    return read_front_matter(source.name, source.files["message.toml"]).claims
