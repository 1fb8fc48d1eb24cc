"""Compares what the servers received with what should have come, and with what the ledger says.

Nothing is concluded from the ledger alone: what it calls sent must lie at a server, what it
calls failed must have been refused by one, and what it left out it must have left out rightly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta

from campaigns.domain.lifecycle import Status
from campaigns.domain.reasons import Reason
from tests.crash.evidence import Copy, Evidence, Row, Suppressed, Wanted, collect
from tests.crash.service import House
from tests.crash.weather import CALM, Weather

_LEFT = (Status.SENT, Status.DELIVERED, Status.BOUNCED)
_OVER = (Status.SKIPPED, Status.FAILED, Status.UNKNOWN)
_DIED = "worker_died"
_GIVEN_UP = "given up before it became useless"
_LOST = "lost: looked for"
_OK, _BROKEN = 200, 500


@dataclass(frozen=True)
class Tally:
    """The whole run in numbers."""

    emails: int
    texts: int
    lost: int
    doubled_emails: int
    doubled_by_death: int
    """Of these: because whoever handed it over, or the ledger, died; the others because a server broke off."""
    doubled_texts: int
    texts_in_doubt: int
    emails_in_doubt: int
    """In doubt for the second time, or too late to be sent again, and so left to a person."""
    doubts: int
    """Hand-offs whose end nobody saw."""
    forgotten: int
    """Refused for good, and not suppressed: whoever had to do it died before."""
    states: tuple[tuple[str, int], ...]
    """How many deliveries ended how; what was left out and what failed with the reason."""


def prove(
    house: House,
    *,
    expected: AbstractSet[Wanted],
    tolerated: AbstractSet[Wanted] = frozenset(),
    weather: Weather = CALM,
) -> Tally:
    """Prove that what is `expected` arrived and nothing else, and give the numbers.

    Each is due exactly once, unless the ledger says why not and that is true. Of `tolerated`
    it is left open whether they arrived.
    """
    it = collect(house)
    assert it.received.keys() <= it.rows.keys()
    for row in it.rows.values():
        came = it.copies(row)
        assert all(one.wanted == row.wanted for one in came), f"{row} went to somebody else"
        _agrees(it, row, came, weather)
        _complete(row, came)
        _welcome(house, it, row, came)
        _once(row, came)
    _one_text_a_number(it)
    _every_call_once(it)
    reached = {one.wanted for several in it.received.values() for one in several}
    stray = reached - expected - tolerated
    assert not stray, f"nothing was meant for {sorted(stray)[:5]}"
    told = {row.wanted for row in it.rows.values() if row.status in _OVER}
    lost = expected - reached - told
    assert not lost, f"{len(lost)} got nothing, and the ledger does not say so: {sorted(lost)[:5]}"
    tally = _tally(it, len(lost), weather)
    print(tally)  # noqa: T201  # the figures of the run
    return tally


def _agrees(it: Evidence, row: Row, came: list[Copy], weather: Weather) -> None:
    """Hold one row against the server."""
    if row.status in _LEFT:
        assert came, f"lost: it is called {row.status.name} and never arrived: {row}"
        assert row.provider_id == came[-1].name, f"it goes by another name at the server: {row} {came}"
        _told(it, row, came)
        return
    assert row.status in _OVER, f"still under way: {row}"
    assert len(came) <= row.unknowns, f"it arrived and the ledger says otherwise: {row} {came}"
    if row.status is Status.UNKNOWN:
        assert row.unknowns, f"in doubt without a reason: {row}"
        return
    true = _left_out_rightly(it, row) if row.status is Status.SKIPPED else _failed_rightly(row, came, weather)
    assert true, f"what the ledger says is not so: {row} {came}"


def _told(it: Evidence, row: Row, came: list[Copy]) -> None:
    """Hold a text that left against what Twilio told us: what we took in counts, what got lost on the way may."""
    if row.channel == "email":
        assert row.status is Status.SENT
        return
    ends = it.ends(came[-1].name)
    heard = {state for state, answers in ends.items() if any(map(_taken, answers))}
    perhaps = {state for state, answers in ends.items() if any(map(_torn, answers))}
    assert row.status in (heard or perhaps | {Status.SENT}), f"Twilio told us {ends}: {row}"


def _taken(answer: int) -> bool:
    return _OK <= answer < _OK + 100


def _torn(answer: int) -> bool:
    """Say whether nobody can know if we took it in: the answer got lost, or the database under it."""
    return answer == 0 or answer >= _BROKEN


def _left_out_rightly(it: Evidence, row: Row) -> bool:
    match row.reason:
        case Reason.EXPIRED:
            return row.expires_at <= it.at
        case Reason.SUPPRESSED:
            return any(_covers(one, row) for one in it.suppressed)
        case Reason.NO_CONSENT:
            return row.channel == "sms" and row.registration_id in it.dissenting
        case Reason.WITHDRAWN:
            return row.registration_id in it.withdrawn
        case Reason.HOUSEHOLD:
            return any(other.attempt and other is not row for other in it.rows.values() if _same_text(other, row))
    return False


def _covers(one: Suppressed, row: Row) -> bool:
    return (one.channel, one.address) == (row.channel, row.wanted[0]) and one.purpose in (None, row.purpose)


def _same_text(one: Row, other: Row) -> bool:
    return (one.wanted, one.session_id) == (other.wanted, other.session_id)


def _failed_rightly(row: Row, came: list[Copy], weather: Weather) -> bool:
    if row.reason.startswith(_GIVEN_UP):
        return weather.defers(row)
    if row.reason.startswith(_LOST):
        return row.channel == "sms" and bool(row.unknowns) and not came
    return weather.refuses(row) and not came


def _complete(row: Row, came: list[Copy]) -> None:
    """No attempt is missing from the history: all but the last went wrong, and that one too if nothing left."""
    recorded = {one.number for one in row.tried}
    needed = set(range(1, row.attempt + (row.status in _OVER)))
    assert needed <= recorded <= set(range(1, row.attempt + 1)), f"an attempt is missing, or one too many: {row}"
    numbered = [one.attempt for one in came if one.attempt]
    assert all(one == row.attempt for one in numbered), f"handed over again although Twilio has it: {row} {came}"


def _welcome(house: House, it: Evidence, row: Row, came: list[Copy]) -> None:
    """Nothing begins after it became useless, or after its address was silenced; nothing arrives later than that takes."""
    patience = timedelta(seconds=house.patience[row.channel] * house.rate)
    begun = [one.opened_at for one in row.tried if one.opened_at] + ([row.opened_at] if row.opened_at else [])
    silenced = [one.at for one in it.suppressed if _covers(one, row)]
    assert all(at < row.expires_at for at in begun), f"begun after it became useless: {row}"
    for copy in came:
        assert copy.at < row.expires_at + patience, f"arrived after it became useless: {row} {copy}"
        assert all(copy.at < at + patience for at in silenced), f"written to after it was silenced: {row} {copy}"


def _once(row: Row, came: list[Copy]) -> None:
    if len(came) < 2:
        return
    assert row.channel == "email", f"a text came twice: {row} {came}"
    assert len({one.message_id for one in came}) == 1, f"a double under another Message-ID: {row} {came}"
    assert row.unknowns >= len(came) - 1, f"a double of which the ledger knows nothing: {row} {came}"


def _one_text_a_number(it: Evidence) -> None:
    texts = Counter(
        (one.wanted, it.rows[number].session_id)
        for number, several in it.received.items()
        for one in several
        if it.rows[number].channel == "sms"
    )
    twice = [wanted for wanted, times in texts.items() if times > 1]
    assert not twice, f"a number that two people share got the text twice: {twice}"


def _every_call_once(it: Evidence) -> None:
    """Whatever we said yes to is there once, however often it was said."""
    heard = {call for call, answers in it.calls.items() if any(map(_taken, answers))}
    assert heard <= it.receipts.keys() <= it.calls.keys()
    assert set(it.receipts.values()) <= {1}


def _tally(it: Evidence, lost: int, weather: Weather) -> Tally:
    mails, texts = (
        [(it.rows[number], several) for number, several in it.received.items() if it.rows[number].channel == channel]
        for channel in ("email", "sms")
    )
    rows = it.rows.values()
    states = Counter(_state(row) for row in rows)
    return Tally(
        emails=sum(len(several) for _, several in mails),
        texts=sum(len(several) for _, several in texts),
        lost=lost,
        doubled_emails=sum(len(several) - 1 for _, several in mails),
        doubled_by_death=sum(_doubled_by_death(row, several) for row, several in mails),
        doubled_texts=sum(len(several) - 1 for _, several in texts),
        texts_in_doubt=sum(row.in_doubt for row in rows if row.channel == "sms"),
        emails_in_doubt=sum(row.in_doubt for row in rows if row.channel == "email"),
        doubts=sum(row.unknowns for row in rows),
        forgotten=sum(_forgotten(it, row, weather) for row in rows),
        states=tuple(sorted(states.items())),
    )


def _state(row: Row) -> str:
    if row.status not in (Status.SKIPPED, Status.FAILED):
        return row.status.name.lower()
    return f"{row.status.name.lower()}: {row.reason.partition(' ')[0]}"


def _forgotten(it: Evidence, row: Row, weather: Weather) -> bool:
    refused = row.status is Status.FAILED and weather.refuses(row)
    return refused and not any(_covers(one, row) for one in it.suppressed)


def _doubled_by_death(row: Row, came: list[Copy]) -> int:
    """Each copy but the last was handed over in an attempt that ended unknown: the first of them, in this order."""
    unknown = {one.number: one.detail for one in row.tried if one.outcome == "unknown"}
    return sum(unknown[number].startswith(_DIED) for number in sorted(unknown)[: len(came) - 1])
