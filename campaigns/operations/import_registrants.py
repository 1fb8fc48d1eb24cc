"""Bring a list of registrants into a session: look first, then exactly what was looked at.

Who enters: the staff pages and the command line. A check changes nothing. Applying
takes the fingerprint of a check and refuses if the file, the options or the numbers
have changed since. One transaction: either everybody who could be read is in, or
nobody. The same list twice adds nobody twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import BinaryIO, Final
from zoneinfo import ZoneInfo

from campaigns.domain.erasure import address_hash
from campaigns.domain.steps import Channel
from campaigns.errors import Conflict, NotFound, RegistrationClosed, Rejected, SessionFull
from campaigns.operations.import_rows import COLUMNS, RowReader
from campaigns.operations.sheets import Problems, Sheet
from campaigns.operations.uploads import digest_of
from campaigns.store import erasures, imports, staff, webinars
from campaigns.store.engine import Connection
from campaigns.store.places import places_claimed

_SENTENCES: Final = {
    "already": "This person is registered already. Nothing changes for them.",
    "withdrew": "This person cancelled their place in this session. Left out; they can register anew themselves.",
    "erased": "Whoever has this address or number asked to be erased. Left out; they can register anew themselves.",
    "twice": "This address stands in row {first_row} already. Left out; remove one of the two.",
    "silent": "Mail to this address is stopped. Added, but no email goes out until that is lifted.",
}


@dataclass(frozen=True, slots=True)
class Options:
    """How a list is to be brought in."""

    session_id: int
    confirm: bool
    """Whether confirmations go out now; without, people get the reminders only."""
    countries: tuple[str, ...]
    """Where mobile numbers may be from."""
    secrets: tuple[bytes, ...] = field(repr=False)
    """By which the addresses of people who asked to be erased are known: the newest first."""


@dataclass(frozen=True, slots=True)
class Check:
    """What a list would do."""

    counts: imports.Counts
    rows: int
    columns: int
    encoding: str
    ignored: tuple[str, ...]
    """Headings that mean nothing to us."""
    problems: Problems
    """Rows that are left out because they cannot be read."""
    remarks: Problems
    """Rows that are left out for another reason, and rows worth a look."""
    places_left: int | None
    """None means no limit."""
    refusal: str
    """Why it cannot be applied as it is; empty if it can."""
    fingerprint: str
    """Of the file, the options and the numbers."""

    @property
    def left_out(self) -> int:
        """Rows that are not added because of a problem."""
        return len(self.problems.rows) + self.counts.twice

    @property
    def confirmations(self) -> int:
        """Confirmations that would go out now, if they are wanted."""
        return self.counts.new - self.counts.silent


@dataclass(frozen=True, slots=True)
class Applied:
    """An import that is done."""

    import_id: int
    added: int
    left_out: int


def check_registrants(db: Connection, file: BinaryIO, options: Options, now: datetime) -> Check:
    """Read the whole list and say what it would do; changes nothing.

    Raises `Rejected` if the file cannot be read, `NotFound` if there is no such session.
    """
    session = webinars.read_session(db, options.session_id)
    if session is None:
        raise NotFound("There is no such session. Choose another one.", field="session")
    return _check(db, file, options, session, now)


def apply_registrants(
    db: Connection, file: BinaryIO, options: Options, *, fingerprint: str, staff_id: int | None, now: datetime
) -> Applied:
    """Add everybody a check with this fingerprint found.

    Raises `Conflict` if anything has changed since that check, `SessionFull` or
    `RegistrationClosed` if the session cannot take them; nothing is written then.
    """
    imports.one_at_a_time(db, options.session_id)
    session = webinars.session_for_intake(db, options.session_id)
    if session is None:
        raise NotFound("There is no such session. Choose another one.", field="session")
    check = _check(db, file, options, session, now)
    if check.fingerprint != fingerprint:
        raise Conflict("The list or the session has changed since it was checked. Look at the new numbers first.")
    _open(session, check.counts.new, check.places_left, now)
    zone = webinars.webinar_by_id(db, session.webinar_id).zone
    import_id = imports.record(
        db, session.id, staff_id, fingerprint,
        options={"confirm": options.confirm}, counts=asdict(check.counts), now=now,
    )  # fmt: skip
    added = imports.write(db, session.id, import_id, confirm=options.confirm, zone=zone, now=now)
    webinars.plan_again(db, session.id)
    detail = {"import": import_id, "added": added, "left_out": check.left_out, "confirm": options.confirm}
    staff.record(
        db, staff_id=staff_id, act="import_registrants", subject=f"session:{session.id}", detail=detail, now=now
    )
    return Applied(import_id, added, check.left_out)


def _check(db: Connection, file: BinaryIO, options: Options, session: webinars.SessionRow, now: datetime) -> Check:
    digest = digest_of(file)
    zone = ZoneInfo(webinars.webinar_by_id(db, session.webinar_id).zone)
    reader = RowReader(zone, options.countries, now)
    sheet = Sheet(file, COLUMNS, reader.problems)
    imports.stage(db, _marked(reader.read(sheet), erasures.known_hashes(db), options.secrets))
    counts = imports.weigh(db, session.id)
    for remark in imports.remarks(db, reader.remarks.limit):
        reader.remarks.add(
            remark.row, "email", remark.email, _SENTENCES[remark.fate].format(first_row=remark.first_row)
        )
    left = None if session.capacity is None else session.capacity - places_claimed(db, session.id)
    return Check(
        counts=counts,
        rows=sheet.rows,
        columns=sheet.columns,
        encoding=sheet.encoding,
        ignored=sheet.ignored,
        problems=reader.problems,
        remarks=reader.remarks,
        places_left=left,
        refusal=_refusal(session, counts.new, left, now),
        fingerprint=_fingerprint(digest, options, session, counts),
    )


def _marked(
    people: Iterable[imports.Candidate], erased: frozenset[tuple[Channel, str]], secrets: tuple[bytes, ...]
) -> Iterator[imports.Candidate]:
    """Mark those who asked to be erased, under whichever of our secrets that was."""
    for one in people:
        known = ((Channel.EMAIL, one.email), (Channel.SMS, one.phone or ""))
        asked = bool(erased) and any(
            (channel, address_hash(secret, channel, address)) in erased
            for channel, address in known
            for secret in secrets
        )
        yield replace(one, erased=True) if asked else one


def _refusal(session: webinars.SessionRow, new: int, left: int | None, now: datetime) -> str:
    try:
        _open(session, new, left, now)
    except Rejected as error:
        return str(error)
    return ""


def _open(session: webinars.SessionRow, new: int, left: int | None, now: datetime) -> None:
    if session.cancelled_at is not None:
        raise RegistrationClosed("This session is cancelled. Choose another one.", field="session")
    if now >= session.ends_at:
        raise RegistrationClosed("This session is over. Choose another one.", field="session")
    if left is not None and new > left:
        raise SessionFull(
            f"This session has {max(left, 0)} places left, and the list would add {new}. "
            "Take people off the list, raise the capacity, or choose another session.",
            field="session",
        )


def _fingerprint(digest: str, options: Options, session: webinars.SessionRow, counts: imports.Counts) -> str:
    facts = (digest, session.id, session.revision, options, counts)
    return hashlib.sha256(repr(facts).encode()).hexdigest()
