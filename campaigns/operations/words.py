"""The words of a delivery: the newest version of its template, compiled once, and the letter to fill it with.

A message is rendered once for all who share its facts and kept for the minute that it
speaks of; for each of them only the personal values are filled in.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from typing import Any, Final

from campaigns import logs
from campaigns.domain.audience import SessionFacts
from campaigns.domain.messages import Message
from campaigns.domain.steps import Anchor, Channel, Step
from campaigns.domain.tokens import Links
from campaigns.errors import TemplateInvalid
from campaigns.language import ENGLISH, gettext, speaking
from campaigns.rendering.calendar import calendar_uid
from campaigns.rendering.email import cast
from campaigns.rendering.environment import Compiled, Look, Source, compile_all
from campaigns.rendering.personal import Person
from campaigns.rendering.skeleton import Sign, Skeleton
from campaigns.rendering.sms import TextSkeleton, cast_text
from campaigns.rendering.times import minutes_between
from campaigns.rendering.variables import Letter, Sender, paragraphs
from campaigns.store.engine import Connection
from campaigns.store.letters import About, Item
from campaigns.store.versions import going_versions, hash_of, template_content

_HIDDEN: Final = "000000"
"""As long as a code is."""
_SKELETONS: Final = 256
"""How many are kept, some thirty kilobytes each; those not used for longest go first."""


@dataclass(frozen=True, slots=True)
class Words:
    """Compiled template versions of one process; versions never change, so they are kept for its life."""

    sender: Sender
    links: Links
    sign: Sign | None = None
    """Gives an email its DKIM signature; None leaves that to the relay."""
    look: Look = field(default_factory=Look)
    hidden_code: str = ""
    """Stands in place of the code of a text; empty: the code."""
    _compiled: dict[int, Mapping[str, Compiled]] = field(default_factory=dict)
    _skeletons: OrderedDict[tuple[object, ...], Skeleton | TextSkeleton] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def prepare(self, db: Connection, names: set[str], *, captured: bool) -> dict[str, int]:
        """Compile the version of each template in `names` that goes out; give the versions by name.

        One that cannot be compiled, or whose words are not those it was written with, is logged and
        left out: its deliveries fail, not the batch. `captured`: see `going_versions`.
        """
        going = going_versions(db, captured=captured)
        with self._lock:
            for name in names & going.keys():
                if going[name] not in self._compiled:
                    self._compile(going[name], template_content(db, going[name]), hash_of(db, going[name]))
        return going

    def saying(self, spoken: Mapping[str, Compiled], *, signed: bool) -> Words:
        """Give words that render version 0 from these, for a preview; no worker ever finds them among its own.

        Only what may leave is `signed`, and whoever looks does not see the code that proves somebody's number.
        """
        return Words(self.sender, self.links, self.sign if signed else None, self.look, _HIDDEN, {0: spoken})

    def _compile(self, version_id: int, content: dict[str, Any], content_hash: str) -> None:
        try:
            source = Source.from_json(content)
            if source.content_hash != content_hash:
                raise TemplateInvalid("its words are not those that were approved")  # noqa: TRY301  # logged like any other
            self._compiled[version_id] = compile_all(source, self.look)
        except Exception as error:  # noqa: BLE001  # whatever is wrong with it, other templates are not to blame
            logs.event("template cannot be used", level=logs.ERROR, error=error, version=version_id)

    def render(
        self, item: Item, step: Step, version_id: int | None, now: datetime, *, demonstration: bool = False
    ) -> Message:
        """Render one delivery for the attempt that begins now; with a mark on it in a `demonstration`.

        Raises `TemplateInvalid` when its template has no version that can be used.
        """
        spoken = self._compiled.get(version_id or 0)
        if spoken is None:
            raise TemplateInvalid(f"{step.template}: no usable version of this template is stored")
        compiled = spoken.get(item.language) or spoken[ENGLISH]
        skeleton = self._skeleton(compiled, item, step, version_id, now, demonstration=demonstration)
        recipient = item.address_on(step.channel)
        who = Person(
            item.delivery_id,
            item.registration_id,
            recipient,
            item.first_name,
            item.attempt + 1,
            calendar_uid(item.calendar_id),
            self._code(item, step),
        )
        if isinstance(skeleton, Skeleton):
            return skeleton.fill(who, now)
        return skeleton.fill(who, item.expires_at - now)

    def _code(self, item: Item, step: Step) -> str:
        """Give the code that a text carries; empty for every other message."""
        if step.channel is not Channel.SMS or step.anchor is not Anchor.ASKED:
            return ""
        return self.hidden_code or self.links.code(item.registration_id, item.phone or "", -item.revision)

    def _skeleton(
        self, compiled: Compiled, item: Item, step: Step, version_id: int | None, now: datetime, *, demonstration: bool
    ) -> Skeleton | TextSkeleton:
        if not compiled.shared:
            return self._cast(compiled, item, step, now, demonstration=demonstration)
        facts = item.facts
        key = (
            (version_id, demonstration),
            (step.id, step.key, step.purpose),
            item.about.mark,
            item.zone,
            compiled.language,
            facts.attendance,
            facts.texts,
            facts.withdrawn_at is None,
            not item.first_name,
            (
                item.calendar_base,
                item.calendar_id != item.registration_id,
                item.answer_id,
                item.offer_ends_at,
                item.asks,
            ),
            _minutes(now, facts.session),
        )
        with self._lock:
            known = self._skeletons.get(key)
            if known is not None:
                self._skeletons.move_to_end(key)
                return known
        made = self._cast(compiled, item, step, now, demonstration=demonstration)
        with self._lock:
            self._skeletons[key] = made
            if len(self._skeletons) > _SKELETONS:
                self._skeletons.popitem(last=False)
        return made

    def _cast(
        self, compiled: Compiled, item: Item, step: Step, now: datetime, *, demonstration: bool
    ) -> Skeleton | TextSkeleton:
        letter = letter_of(item, step, now, compiled.language)
        letter = replace(letter, code=self._code(item, step), demonstration=demonstration)
        if step.channel is Channel.EMAIL:
            return cast(compiled, letter, self.sender, self.links, self.sign)
        return cast_text(compiled, letter, self.sender, self.links)


def _minutes(now: datetime, session: SessionFacts) -> tuple[datetime, int, int]:
    """Name the minute a message speaks of: by the wall clock, and as it counts down to start and end."""
    wall = now.replace(second=0, microsecond=0)
    return wall, minutes_between(now, session.starts_at), minutes_between(now, session.ends_at)


def letter_of(item: Item, step: Step, now: datetime, language: str = ENGLISH) -> Letter:
    """Put together the facts that a delivery is rendered from, for a message in this language."""
    about = item.about
    return Letter(
        delivery_id=item.delivery_id,
        registration_id=item.registration_id,
        session_id=about.session_id,
        campaign_id=about.webinar_id,
        step_key=step.key,
        purpose=step.purpose,
        template=step.template,
        attempt=item.attempt + 1,
        recipient=item.address_on(step.channel),
        first_name=item.first_name,
        zone=item.facts.zone.key,
        **_of_the_class(about, language),
        calendar_uid=calendar_uid(item.calendar_id),
        calendar_sequence=item.calendar_base + about.current_revision - 1 + (item.facts.withdrawn_at is not None),
        switched=item.calendar_id != item.registration_id,
        attendance=item.facts.attendance,
        has_texts=item.facts.texts,
        answer_title=item.answer_title or "",
        answer=paragraphs(item.answer or ""),
        offer_ends_at=item.offer_ends_at,
        asks=item.asks,
        now=now,
    )


def _of_the_class(about: About, language: str) -> dict[str, Any]:
    """Give what a letter says of the session: the same for everybody in it."""
    return {
        "webinar_slug": about.webinar_slug,
        "class_language": about.class_language,
        **_named(about, language),
        "starts_at": about.session.starts_at,
        "ends_at": about.session.ends_at,
        "moved_from": about.session.moved_from,
        "session_zone": about.session_zone,
        "has_room": about.has_room,
        "replay_url": about.replay_url,
        "replay_here": about.replay_here,
        "has_answers": about.has_answers,
        "cancelled": about.session.cancelled_at is not None,
        "cancelled_reason": about.cancelled_reason,
        "next_session_starts_at": about.next_session_starts_at,
    }


def _named(about: About, language: str) -> dict[str, str]:
    """Give the webinar's own words in a language; a class without a name in it is just called a class."""
    said = about.translations.get(language, {})
    title = about.class_title
    if language != ENGLISH:
        with speaking(language):
            title = gettext("Class")
    return {
        "webinar_title": said.get("title", about.webinar_title),
        "class_title": said.get("class_title", title),
        "host_name": said.get("host_name", about.host_name),
        "host_role": said.get("host_role", about.host_role),
    }
