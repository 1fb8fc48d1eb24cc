"""Which version of a message goes out here, where one channel may stay on this machine and another not."""

from __future__ import annotations

from collections.abc import Collection

from campaigns.domain.steps import Channel
from campaigns.errors import TemplateInvalid
from campaigns.rendering.front_matter import read_front_matter
from campaigns.store.engine import Connection
from campaigns.store.versions import front_matters, going_versions


def going_here(db: Connection, captures: Collection[Channel]) -> dict[str, int]:
    """Give by name the version of each message that goes out, or would; see `store.versions.going_versions`.

    `captures` are the channels that stay on this machine: by them a demonstration's approval counts.
    """
    shown, real = (going_versions(db, captured=captured) for captured in (True, False))
    fronts = front_matters(db, shown.values())
    return {
        name: version if channel_of(name, fronts[version]) in captures else real[name]
        for name, version in shown.items()
    }


def channel_of(name: str, front_matter: str) -> Channel:
    """Say by which channel a message goes; one whose front matter cannot be read is taken for an email."""
    try:
        return read_front_matter(name, front_matter).channel
    except TemplateInvalid:
        return Channel.EMAIL
