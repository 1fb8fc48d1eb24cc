"""What a signed link of a registrant opens: the place it leads to by now, or a clear word that it opens nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from campaigns.domain.tokens import MANAGE
from campaigns.errors import LinkExpired, PageErased, mark
from campaigns.language import spoken, turn_to
from campaigns.runtime import Runtime
from campaigns.store import people, switches
from campaigns.store.engine import Connection
from campaigns.store.people import Place

_MOVED_AWAY: Final = mark(
    "This place went over to another email address. The newest email from us there has the link to it."
)


def place_of(db: Connection, registration_id: int) -> Place:
    """Give the place a registration has led on to.

    Raises `LinkExpired` if there is none to show, `PageErased` if its person has erased themselves.
    """
    number = switches.newest(db, registration_id)
    found = people.place(db, number) if number is not None else None
    if found is None:
        former = people.place(db, registration_id)
        if former is not None and former.erased_at is not None:
            raise PageErased
        raise LinkExpired(_MOVED_AWAY if former else "")
    if found.erased_at is not None:
        raise PageErased
    return spoken_to(found)


def spoken_to(place: Place) -> Place:
    """Go on in the language of the person whose place this is, and give it with the webinar's words in it."""
    turn_to(place.language)
    return replace(place, webinar=place.webinar.said_in(spoken()))


def read_place(db: Connection, runtime: Runtime, token: str) -> Place:
    """Find the place behind a token of the personal page; raises `LinkExpired`."""
    (registration_id,) = runtime.signer.read(MANAGE, token)
    return place_of(db, registration_id)
