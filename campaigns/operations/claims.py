"""Rule on a claim: sign it, or withdraw it and with it every message that makes it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from campaigns.domain.steps import Channel
from campaigns.errors import NotAllowed, NotFound, Rejected
from campaigns.operations.approve import CLINICIAN
from campaigns.operations.going import going_here
from campaigns.rendering.claims import Claim, Register, read_register
from campaigns.store import staff
from campaigns.store.approvals import withdraw_approvals
from campaigns.store.claims import (
    Standing,
    Touched,
    cite_anew,
    find_claim,
    load_claims,
    read_claims,
    rule_on,
    touched,
    unusable_claims,
    versions_claiming,
    versions_of_claims,
)
from campaigns.store.engine import Connection
from campaigns.store.staff import Member

_MAY_WITHDRAW: Final = (CLINICIAN, "marketing", "admin")


@dataclass(frozen=True, slots=True)
class Reach:
    """What a withdrawal of a claim touches."""

    going: tuple[str, ...]
    """Messages whose version that goes out makes it."""
    versions: int
    """Versions of any age that make it."""
    deliveries: tuple[Touched, ...]
    """What is planned or claimed of those messages."""

    @property
    def count(self) -> int:
        """How many deliveries those are."""
        return sum(one.count for one in self.deliveries)


def load_register(db: Connection, path: Path, now: datetime) -> None:
    """Bring the claims that came with the program into the database; rulings of staff stay.

    What the program takes back, no version that makes it may say any more: its approvals are taken back too.
    Raises `TemplateInvalid` for a register that is incomplete.
    """
    register = read_register(path)
    before = unusable_claims(db)
    load_claims(db, [_standing(one, register) for one in register.claims.values()])
    if fallen := sorted(unusable_claims(db) - before):
        why = f"the program withdrew the claim {', '.join(fallen)}"
        withdraw_approvals(db, versions_of_claims(db, fallen), why, now, staff_id=None)


def register_of(db: Connection) -> Register:
    """Give the register as it stands in the database."""
    claims = read_claims(db)
    return Register(
        {one.id: Claim(one.id, one.statement, one.source, one.status) for one in claims},
        {one.source: one.citation for one in claims if one.source},
    )


def reach_of(db: Connection, claim_id: str, captures: Collection[Channel]) -> Reach:
    """Say which messages and which planned deliveries a claim touches; `captures`: see `going_here`."""
    claiming = versions_claiming(db, claim_id)
    ids = {one.version_id for one in claiming}
    going = tuple(sorted(name for name, version in going_here(db, captures).items() if version in ids))
    return Reach(going, len(ids), tuple(touched(db, going)) if going else ())


def withdraw_claim(
    db: Connection, claim_id: str, why: str, *, member: Member, now: datetime, captures: Collection[Channel]
) -> Reach:
    """Withdraw a claim: no version that makes it leaves any more, or can be published or approved.

    Gives what that touches. Raises `NotAllowed`, `NotFound`, or `Rejected` where it is withdrawn already.
    """
    if member.role not in _MAY_WITHDRAW:
        raise NotAllowed("Only a clinician, marketing or an admin may withdraw a claim. Nothing was changed.")
    claim = _to_rule(db, claim_id)
    if claim.status == "withdrawn":
        raise Rejected("This claim is withdrawn already.")
    reach = reach_of(db, claim_id, captures)
    rule_on(db, claim_id, "withdrawn", reviewer=member.name, why=why, staff_id=member.id, now=now)
    ids = [one.version_id for one in versions_claiming(db, claim_id)]
    taken = withdraw_approvals(db, ids, f"the claim {claim_id} was withdrawn", now, staff_id=member.id)
    detail = {"why": why, "approvals": taken, "deliveries": reach.count}
    staff.record(db, staff_id=member.id, act="claim withdrawn", subject=f"claim:{claim_id}", detail=detail, now=now)
    return reach


def sign_claim(db: Connection, claim_id: str, why: str, *, citation: str, member: Member, now: datetime) -> None:
    """Record that a clinician stands by a claim; messages may make it from now on, and name `citation` as its source.

    What was taken back by a withdrawal stays so: each message has to be approved anew.
    Raises `NotAllowed` for who is no clinician, `NotFound`, or `Rejected` where no source is named.
    """
    if member.role != CLINICIAN:
        raise NotAllowed("Only a clinician signs claims. Nothing was changed.")
    claim = _to_rule(db, claim_id)
    if claim.status == "reviewed":
        raise Rejected("This claim is signed already.")
    if not citation.strip():
        raise Rejected("Name the source as messages are to name it.", field="citation")
    if citation != claim.citation:
        cite_anew(db, claim_id, f"signed-{claim_id}", citation)
    rule_on(db, claim_id, "reviewed", reviewer=member.name, why=why, staff_id=member.id, now=now)
    staff.record(db, staff_id=member.id, act="claim signed", subject=f"claim:{claim_id}", detail={"why": why}, now=now)


def _to_rule(db: Connection, claim_id: str) -> Standing:
    claim = find_claim(db, claim_id, to_rule=True)
    if claim is None:
        raise NotFound
    return claim


def _standing(one: Claim, register: Register) -> Standing:
    return Standing(one.id, one.statement, one.source, register.citations.get(one.source, ""), one.note, one.status)
