"""How a message stands: which version goes out, by whose yes, and what waits; in the words of the staff pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from campaigns.domain.steps import Channel
from campaigns.operations.going import channel_of, going_here
from campaigns.store.approvals import RENEWED_BEFORE, Given, going_approvals, waiting_versions
from campaigns.store.campaigns import all_steps
from campaigns.store.drafts import drafts
from campaigns.store.engine import Connection
from campaigns.store.versions import front_matters
from campaigns.web.staff import words
from campaigns.web.staff.desk import Visit


@dataclass(frozen=True, slots=True)
class Told:
    """A state in words."""

    sign: str
    plain: str
    more: str


@dataclass(frozen=True, slots=True)
class Standing:
    """One message at a glance."""

    name: str
    title: str
    """What staff call it: by the step that sends it, else by its name."""
    channel: Channel
    going: int
    """The version that goes out, or would."""
    told: Told
    leaves: bool
    """Whether that version may leave now."""
    waits: bool
    """Whether its newest version waits for a clinician."""
    newer: bool
    """Whether that is another one than goes out."""
    draft: str
    """When a draft was saved; empty: there is none."""


def captures(visit: Visit, channel: Channel) -> bool:
    """Say whether messages of a channel stay on this machine."""
    return visit.runtime.providers[channel].captures


def captured_channels(visit: Visit) -> list[Channel]:
    """List the channels whose messages stay on this machine."""
    return [channel for channel in Channel if captures(visit, channel)]


def standings(db: Connection, visit: Visit) -> list[Standing]:
    """Give every message by name."""
    steps: dict[str, list[str]] = {}
    for step in all_steps(db).values():
        steps.setdefault(step.template, []).append(step.name)
    going = going_here(db, captured_channels(visit))
    given = {captured: going_approvals(db, captured=captured) for captured in (True, False)}
    fronts = front_matters(db, going.values())
    waiting, written = dict(waiting_versions(db, visit.now)), drafts(db)
    found = []
    for name, version in sorted(going.items()):
        channel = channel_of(name, fronts[version])
        yes = given[captures(visit, channel)][name]
        found.append(
            Standing(
                name=name,
                title=title_of(name, steps.get(name, ())),
                channel=channel,
                going=version,
                told=told(yes, visit),
                leaves=yes is not None and yes.holds(visit.now),
                waits=name in waiting,
                newer=waiting.get(name, version) != version,
                draft=words.when(written[name], visit.zone, visit.now) if name in written else "",
            )
        )
    return found


def title_of(name: str, steps: Iterable[str]) -> str:
    """Call a message by the steps that send it; one that none sends by its name, opened up."""
    called = ", ".join(dict.fromkeys(steps))
    return called or name.replace("-", " ").capitalize()


def told(given: Given | None, visit: Visit) -> Told:
    """Say whether words leave, and by whose yes."""
    if given is None:
        return Told("waits", "waits for its first approval", "Nothing of it leaves until a clinician has read it.")
    yes, until = given.approval, words.date(given.approval.expires_at, visit.zone, visit.now)
    if given.withdrawn_at is not None:
        when = words.when(given.withdrawn_at, visit.zone, visit.now)
        return Told("stopped", "approval withdrawn", f"{when}: {given.withdrawn_why}. Nothing of it leaves.")
    if yes.expires_at <= visit.now:
        return Told("failed", "approval has run out", f"since {until}. Nothing of it leaves.")
    if yes.demo:
        return Told("held", "for the demonstration only", "No clinician has read it. Each message says so.")
    if yes.expires_at <= visit.now + RENEWED_BEFORE:
        left = words.distance(yes.expires_at, visit.now)
        return Told("slow", f"approval runs out {left}", "A clinician has to read and approve it again before then.")
    return Told("done", f"approved until {until}", f"by {yes.name}, {yes.licence}")
