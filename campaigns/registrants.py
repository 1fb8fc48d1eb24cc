"""The command line's way to bring in a list: `campaigns registrants import` and `campaigns registrants deactivated`.

Without `apply` an import looks and changes nothing. Says rows and columns, never what
stands in a cell: what a terminal shows may be kept somewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from campaigns.accounts import open_database
from campaigns.clock import file_clock, system_clock
from campaigns.errors import NotFound, Rejected
from campaigns.operations.deactivate import deactivate, read_numbers
from campaigns.operations.import_registrants import Check, Options, apply_registrants, check_registrants
from campaigns.settings import Settings
from campaigns.store.engine import Connection, transaction
from campaigns.store.reports import sessions, webinars

_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked on the command line."""

    path: Path
    session_id: int
    confirm: bool
    apply: bool


def bring_in(settings: Settings, say: Callable[[str], None], order: Order) -> None:
    """Check a list and, if the order says so, add its people.

    Raises `Rejected` if the file cannot be read or the session cannot take the people,
    and `OSError` if there is no such file; nothing is written then.
    """
    countries = tuple(code.strip() for code in settings.sms_countries.split(",") if code.strip())
    options = Options(order.session_id, order.confirm, countries, settings.secrets)
    now = _now(settings)
    engine = open_database(settings)
    try:
        with order.path.open("rb") as file, transaction(engine) as db:
            try:
                check = check_registrants(db, file, options, now)
            except NotFound:
                raise NotFound(f"There is no session {order.session_id}. There are: {_known(db)}") from None
        for line in _report(check, confirm=order.confirm):
            say(line)
        if check.refusal:
            raise Rejected(check.refusal)
        if not order.apply:
            say("Nothing was saved. Add --apply to bring them in.")
            return
        with order.path.open("rb") as file, transaction(engine) as db:
            done = apply_registrants(db, file, options, fingerprint=check.fingerprint, staff_id=None, now=now)
        say(f"Added {done.added:,}, left out {done.left_out:,}.")
    finally:
        engine.dispose()


def take_back(settings: Settings, say: Callable[[str], None], path: Path) -> None:
    """Stop texts to the numbers of a list, one a line, that their carriers have taken back.

    Raises `Rejected` naming the line that holds no number, and `OSError` if there is no such
    file; nothing is written then.
    """
    with path.open("rb") as file:
        numbers = read_numbers(file)
    engine = open_database(settings)
    try:
        with transaction(engine) as db:
            new = deactivate(db, numbers, _now(settings))
    finally:
        engine.dispose()
    say(f"{len(numbers):,} numbers read; texts to {new:,} of them are stopped now, the others were before.")


def _now(settings: Settings) -> datetime:
    return (file_clock(settings.clock_file) if settings.clock_file else system_clock)()


def _report(check: Check, *, confirm: bool) -> Iterator[str]:
    counts = check.counts
    yield f"{check.rows:,} rows, {check.columns} columns"
    if check.ignored:
        yield f"not used: {', '.join(check.ignored)}"
    yield f"will be added: {counts.new:,} ({counts.unknown:,} of people we did not know)"
    yield f"already in: {counts.already:,}; cancelled before and stay out: {counts.withdrew:,}"
    if counts.erased:
        yield f"asked to be erased and stay out: {counts.erased:,}"
    yield f"left out: {check.left_out:,} ({len(check.problems.rows):,} with an error, {counts.twice:,} there twice)"
    yield f"yeses with evidence: texts {counts.texts:,}, education {counts.education:,}, marketing {counts.marketing:,}"
    yield f"confirmations: {check.confirmations:,}" if confirm else "confirmations: none"
    shown = check.problems.kept[:_SHOWN]
    for problem in shown:
        yield f"row {problem.row}, {problem.column or 'whole row'}: {problem.sentence}"
    if check.problems.total > len(shown):
        yield f"and {check.problems.total - len(shown):,} more problems"


def _known(db: Connection) -> str:
    names = {one.id: one.slug for one in webinars(db)}
    known = (one.session for one in sessions(db, names))
    return (
        "; ".join(f"{one.id} ({names[one.webinar_id]}, {one.starts_at:%Y-%m-%d %H:%M} UTC)" for one in known) or "none"
    )
