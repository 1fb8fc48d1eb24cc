"""Which words of a message a preview shows: a version that is stored, or the draft; and how they stand at a moment."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from campaigns.domain.steps import Channel
from campaigns.errors import NotFound, TemplateInvalid
from campaigns.operations.claims import register_of
from campaigns.operations.going import channel_of
from campaigns.rendering.environment import Source, read_frame, source_of
from campaigns.store.approvals import approved_versions, demonstrations
from campaigns.store.drafts import read_draft
from campaigns.store.engine import Connection
from campaigns.store.versions import Version, front_matters, going_versions, template_content, versions_of

DRAFT: Final = "draft"


@dataclass(frozen=True, slots=True)
class Edition:
    """The words that are looked at."""

    source: Source
    version: Version | None
    """None for a draft."""
    going: Version
    """The version that goes out, or would if it were approved."""
    captured: bool
    """Whether messages of this channel stay on this machine."""

    @property
    def goes_out(self) -> bool:
        """Whether these are the words that workers take."""
        return self.version == self.going

    def may_leave(self, db: Connection, at: datetime) -> bool:
        """Say whether an approval of these words is in force at that moment."""
        return self.version is not None and self.version.id in approved_versions(db, at, captured=self.captured)

    def marked(self, db: Connection, at: datetime) -> bool:
        """Say whether it would leave at that moment with the mark of a demonstration."""
        return self.captured and self.version is not None and self.version.id in demonstrations(db, at)


def edition_to_preview(
    db: Connection, name: str, wanted: str, folder: Path, captures: Collection[Channel] = ()
) -> Edition:
    """Give the words of a message: of one version by its id, of the `draft`, or of the version that goes out.

    `folder` holds the frame that a draft is put into, `captures` the channels that stay on this machine.
    Raises `NotFound` if there is no such message, version or draft, and `TemplateInvalid` if what is
    stored is no message, or not the one that it was stored as.
    """
    versions = {str(one.id): one for one in versions_of(db, name)}
    if not versions:
        raise NotFound("There is no message of this name.")
    newest = next(iter(versions.values()))
    captured = channel_of(name, front_matters(db, [newest.id])[newest.id]) in captures
    going = versions[str(going_versions(db, captured=captured)[name])]
    if wanted == DRAFT:
        return Edition(_draft(db, name, folder), None, going, captured)
    found = versions.get(wanted) if wanted else going
    if found is None:
        raise NotFound("This message has no such version. The page of the message lists those it has.")
    source = Source.from_json(template_content(db, found.id))
    if source.content_hash != found.content_hash:
        raise TemplateInvalid("These are not the words that this version was stored with, so nothing of it leaves.")
    return Edition(source, found, going, captured)


def _draft(db: Connection, name: str, folder: Path) -> Source:
    draft = read_draft(db, name)
    if draft is None:
        raise NotFound("There is no draft of this message any more.")
    return source_of(name, draft.files, read_frame(folder), register_of(db))
