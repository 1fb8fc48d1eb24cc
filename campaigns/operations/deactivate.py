"""Numbers that their carrier has taken back: whoever has one tomorrow has agreed to nothing.

The lists come from outside, one number a line. Nobody is told, and nothing here is ever
lifted by a word from the handset: it may be in other hands by now.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from campaigns.domain.steps import Channel, Purpose
from campaigns.errors import Rejected
from campaigns.store import consents
from campaigns.store.engine import Connection
from campaigns.store.people import registrants_at

_SOURCE: Final = "deactivation list"
_NUMBER: Final = re.compile(r"\+?(?:1([2-9][0-9]{9})|([2-9][0-9]{9}))")
"""North American: the lists are of numbers behind +1, and carriers write that or leave it out."""
_BETWEEN: Final = re.compile(r"[ ().-]")
_LONGEST: Final = 40


def read_numbers(lines: Iterable[bytes]) -> list[str]:
    """Give the numbers of a list in E.164, one from each line that is not empty; what is there twice comes once.

    Raises `Rejected` for the first line that holds something else, by its number: what stands in it is not
    repeated.
    """
    found = []
    for place, line in enumerate(lines, start=1):
        written = line.removeprefix(b"\xef\xbb\xbf").strip() if place == 1 else line.strip()
        if not written:
            continue
        if len(written) > _LONGEST or not written.isascii():
            raise _unreadable(place)
        number = _NUMBER.fullmatch(_BETWEEN.sub("", written.decode("ascii")))
        if number is None or (written.startswith(b"+") and not number[1]):
            raise _unreadable(place)
        found.append(f"+1{number[1] or number[2]}")
    return list(dict.fromkeys(found))


def _unreadable(place: int) -> Rejected:
    return Rejected(
        f"Line {place} does not hold one number of North America, such as +12075550123."
        " Nothing was changed. Put it right, then read the list again."
    )


def deactivate(db: Connection, numbers: Iterable[str], now: datetime) -> int:
    """Send no more texts to these numbers and take back every yes to texts given for them; give how many are new.

    Numbers are E.164. A yes falls for everybody who goes by the number. Repeating it changes nothing.
    """
    return sum(_take_back(db, number, now) for number in dict.fromkeys(numbers))


def _take_back(db: Connection, number: str, now: datetime) -> bool:
    # What the former owner has stopped, a START from the new one would bring back: this may not.
    consents.lift(db, Channel.SMS, number, None, now)
    new = consents.suppress(db, Channel.SMS, number, None, reason="invalid", source=_SOURCE, now=now)
    for registrant_id in registrants_at(db, Channel.SMS, number):
        standing = consents.permissions_of(db, registrant_id)
        restorable = consents.revoked_by_reply(db, registrant_id, number)
        for purpose in Purpose:
            if standing.get((Channel.SMS, purpose)) or purpose in restorable:
                no = consents.Answer(
                    channel=Channel.SMS,
                    purpose=purpose,
                    granted=False,
                    address=number,
                    means="provider",
                    evidence={"means": "provider", "scope": "all", "source": _SOURCE},
                )
                consents.record(db, registrant_id, no, now)
    return new
