"""The words of a delivery: the newest version of its template, compiled once, and the letter to fill it with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

from campaigns import logs
from campaigns.domain.messages import Message
from campaigns.domain.steps import Channel, Step
from campaigns.domain.tokens import Links
from campaigns.errors import TemplateInvalid
from campaigns.rendering.email import render_email
from campaigns.rendering.environment import Compiled, Source, compile_source, load_sources
from campaigns.rendering.sms import render_text
from campaigns.rendering.variables import Letter, Sender
from campaigns.store.campaigns import current_versions, publish_template, template_content
from campaigns.store.engine import Connection
from campaigns.store.letters import Item


@dataclass(frozen=True, slots=True)
class Words:
    """Compiled template versions of one process; versions never change, so they are kept for its life."""

    sender: Sender
    links: Links
    _compiled: dict[int, Compiled] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def prepare(self, db: Connection, names: set[str]) -> dict[str, int]:
        """Compile the newest version of each template in `names`; give the versions by name.

        One that cannot be compiled is logged and left out: its deliveries fail, not the batch.
        """
        newest = current_versions(db)
        with self._lock:
            for name in names & newest.keys():
                if newest[name] not in self._compiled:
                    self._compile(newest[name], template_content(db, newest[name]))
        return newest

    def _compile(self, version_id: int, content: dict[str, Any]) -> None:
        try:
            self._compiled[version_id] = compile_source(Source.from_json(content))
        except Exception as error:  # noqa: BLE001  # whatever is wrong with it, other templates are not to blame
            logs.event("template cannot be used", level=logs.ERROR, error=error, version=version_id)

    def render(self, item: Item, step: Step, version_id: int | None, now: datetime) -> Message:
        """Render one delivery for the attempt that begins now.

        Raises `TemplateInvalid` when its template has no version that can be used.
        """
        compiled = self._compiled.get(version_id or 0)
        if compiled is None:
            raise TemplateInvalid(f"{step.template}: no usable version of this template is stored")
        letter = letter_of(item, step, now)
        if step.channel is Channel.EMAIL:
            return render_email(compiled, letter, self.sender, self.links)
        return render_text(compiled, letter, self.sender, self.links)


def letter_of(item: Item, step: Step, now: datetime) -> Letter:
    """Put together the facts that a delivery is rendered from."""
    return Letter(
        delivery_id=item.delivery_id,
        registration_id=item.registration_id,
        session_id=item.session_id,
        campaign_id=item.webinar_id,
        step_key=step.key,
        purpose=step.purpose,
        template=step.template,
        attempt=item.attempt + 1,
        recipient=item.email if step.channel is Channel.EMAIL else item.phone or "",
        first_name=item.first_name,
        zone=item.facts.zone.key,
        language=item.language,
        webinar_slug=item.webinar_slug,
        webinar_title=item.webinar_title,
        class_title=item.class_title,
        host_name=item.host_name,
        host_role=item.host_role,
        starts_at=item.starts_at,
        ends_at=item.ends_at,
        moved_from=item.moved_from,
        session_zone=item.session_zone,
        has_room=item.has_room,
        replay_url=item.replay_url,
        cancelled=item.cancelled,
        cancelled_reason=item.cancelled_reason,
        next_session_starts_at=item.next_session_starts_at,
        calendar_uid=f"reg-{item.registration_id}",
        calendar_sequence=item.current_revision - 1 + (item.facts.withdrawn_at is not None),
        attendance=item.facts.attendance,
        has_texts=item.facts.texts,
        now=now,
    )


def publish_sources(db: Connection, folder: Path, now: datetime) -> int:
    """Write a version of every template in `folder` that is not stored yet; give the number of templates.

    Raises `TemplateInvalid` if one does not compile; then none is written.
    """
    sources = load_sources(folder)
    for source in sources.values():
        compile_source(source)
    for name, source in sources.items():
        publish_template(db, name, source.content_hash, source.to_json(), now)
    return len(sources)
