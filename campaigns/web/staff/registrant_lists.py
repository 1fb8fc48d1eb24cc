"""A list of registrants: its form, its check, and applying it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, BinaryIO

from campaigns.errors import Rejected
from campaigns.operations.import_registrants import Options, apply_registrants, check_registrants
from campaigns.store.engine import Connection
from campaigns.web.staff.desk import Act, Visit
from campaigns.web.staff.lists import Choice, Kind, problem_facts, session_of


def _choice(act: Act) -> Choice:
    confirm = act.text("confirm")
    if confirm not in ("yes", "no"):
        raise Rejected("Say whether confirmations go out.", field="confirm")
    return {"session": session_of(act), "confirm": confirm == "yes"}


def _look(visit: Visit, db: Connection, file: BinaryIO, choice: Choice) -> dict[str, Any]:
    check = check_registrants(db, file, _options(visit, choice), visit.now)
    return {
        "fingerprint": check.fingerprint,
        "refusal": check.refusal,
        "counts": asdict(check.counts),
        "rows": check.rows,
        "columns": check.columns,
        "encoding": "UTF-16" if check.encoding == "utf-16" else "UTF-8",
        "ignored": list(check.ignored),
        "problems": problem_facts(check.problems),
        "remarks": problem_facts(check.remarks),
        "places_left": check.places_left,
        "left_out": check.left_out,
        "confirmations": check.confirmations,
    }


def _apply(visit: Visit, db: Connection, file: BinaryIO, choice: Choice, fingerprint: str) -> None:
    options, member = _options(visit, choice), visit.login.member.id
    apply_registrants(db, file, options, fingerprint=fingerprint, staff_id=member, now=visit.now)


def _options(visit: Visit, choice: Choice) -> Options:
    countries = tuple(code.strip() for code in visit.runtime.settings.sms_countries.split(",") if code.strip())
    return Options(choice["session"], choice["confirm"], countries, visit.runtime.settings.secrets)


REGISTRANTS = Kind("registrants", "imports-registrants.html", _choice, _look, _apply)
