"""A list that a member uploaded and is looking at: whose it is, what it is, what its check said.

Knows the two kinds of list by their protocol only; the pages are in `imports.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

from starlette.datastructures import UploadFile

from campaigns.errors import NotFound, Rejected
from campaigns.operations.sheets import Problems, snippet
from campaigns.operations.uploads import Uploads
from campaigns.store.engine import Connection
from campaigns.web.staff.desk import Act, Visit

Choice = dict[str, Any]
"""What the member chose in the form, as JSON can keep it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of list."""

    name: str
    template: str
    choice: Callable[[Act], Choice]
    """Reads the form; raises `Rejected` with the field at fault."""
    look: Callable[[Visit, Connection, BinaryIO, Choice], dict[str, Any]]
    """Checks the list and gives the facts of its page, the fingerprint among them."""
    apply: Callable[[Visit, Connection, BinaryIO, Choice, str], None]
    """Applies the list of a check with this fingerprint; raises `Conflict` or `Rejected`."""


def uploads_of(visit: Visit) -> Uploads:
    """Give the folder of lists that are being looked at."""
    return Uploads(visit.runtime.settings.data_dir / "uploads")


def keep(act: Act) -> tuple[str, str]:
    """Keep the file of the form; give its token and the name it had at the sender's.

    Raises `Rejected` if there is none or it is too large.
    """
    file = act.form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise Rejected("Choose a CSV file.", field="file")
    token = uploads_of(act.visit).keep(file.file, act.visit.runtime.settings.upload_limit, act.visit.now)
    return token, snippet(file.filename)


def look(visit: Visit, kind: Kind, token: str, name: str, choice: Choice) -> None:
    """Check a kept list and note what the check said. Raises `Rejected` if it cannot be read."""
    uploads = uploads_of(visit)
    with uploads.open(token) as file, visit.transaction() as db:
        facts = kind.look(visit, db, file, choice)
    noted = {"kind": kind.name, "name": name, "staff": visit.login.member.id, "at": visit.now.isoformat()}
    uploads.note(token, {**facts, **noted, "choice": choice})


def own(visit: Visit, token: str) -> dict[str, Any]:
    """Give what was noted of a list this member uploaded; raises `NotFound` for anybody else's."""
    noted = uploads_of(visit).noted(token)
    if noted["staff"] != visit.login.member.id:
        raise NotFound("This list is no longer kept. Upload it again.")
    return noted


def session_of(act: Act) -> int:
    """Read the chosen session; raises `Rejected` if none is chosen."""
    chosen = act.text("session")
    if not (chosen.isascii() and chosen.isdecimal()) or int(chosen) >= 2**63:
        raise Rejected("Choose a session.", field="session")
    return int(chosen)


def problem_facts(problems: Problems) -> dict[str, Any]:
    """Give problems as JSON can keep them."""
    return {
        "kept": [asdict(problem) for problem in problems.kept],
        "total": problems.total,
        "rows": len(problems.rows),
        "by_column": dict(problems.by_column.most_common()),
    }
