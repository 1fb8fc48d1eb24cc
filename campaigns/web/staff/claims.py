"""The claims register: what messages may say, who ruled on it, and what a withdrawal touches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from campaigns.errors import NotAllowed, NotFound, Rejected
from campaigns.operations.approve import CLINICIAN
from campaigns.operations.claims import reach_of, sign_claim, withdraw_claim
from campaigns.operations.going import going_here
from campaigns.store import claims, staff
from campaigns.store.engine import Connection
from campaigns.web.staff import words
from campaigns.web.staff.desk import Act, Acting, Name, Signed, Visit, go_to
from campaigns.web.staff.standing import captured_channels

router = APIRouter()

_SHOWN: Final = 200
After = Annotated[int, Query(ge=0, lt=2**63)]
_STANDINGS: Final = {
    "sourced": ("planned", "has a source; no clinician has signed it"),
    "reviewed": ("done", "signed by a clinician"),
    "unapproved": ("waits", "not to be used before a clinician signs it"),
    "withdrawn": ("stopped", "withdrawn"),
}


@router.get("/staff/claims")
def show_claims(visit: Signed) -> Response:
    """List every claim with its standing, and how many messages go out with it."""
    with visit.transaction() as db:
        going = going_here(db, captured_channels(visit))
        used = claims.uses(db, going.values())
        rows = [(one, _STANDINGS[one.status], used.get(one.id, 0)) for one in claims.read_claims(db)]
    return visit.page("claims.html", active="claims", rows=rows)


@router.get("/staff/claims/{claim_id}")
def show_claim(visit: Signed, claim_id: Name, after: After = 0) -> Response:
    """Show one claim, the messages that make it, and the planned deliveries behind them."""
    return _page(visit, claim_id, after=after)


@router.post("/staff/claims/{claim_id}/withdraw")
def take_withdrawal(act: Acting, claim_id: Name) -> Response:
    """Withdraw a claim; whatever makes it stops."""

    def withdraw(db: Connection) -> None:
        why = act.sentence("why", "Say why; it is kept on record.")
        visit = act.visit
        withdraw_claim(db, claim_id, why, member=visit.login.member, now=visit.now, captures=captured_channels(visit))

    return _take(act, claim_id, withdraw, "withdrawn")


@router.post("/staff/claims/{claim_id}/sign")
def take_signature(act: Acting, claim_id: Name) -> Response:
    """Record that a clinician stands by a claim."""

    def sign(db: Connection) -> None:
        citation = act.sentence("citation", "Name the source as messages are to name it.")
        basis = act.sentence("basis", "Say on what basis; it is kept on record.")
        sign_claim(db, claim_id, basis, citation=citation, member=act.visit.login.member, now=act.visit.now)

    return _take(act, claim_id, sign, "signed")


def _take(act: Act, claim_id: str, change: Callable[[Connection], None], done: str) -> Response:
    try:
        with act.visit.transaction() as db:
            change(db)
    except (NotAllowed, NotFound):
        raise
    except Rejected as wrong:
        return _page(act.visit, claim_id, wrong, {name: act.text(name) for name in ("why", "citation", "basis")})
    return go_to(f"/staff/claims/{claim_id}?done={done}")


def _page(
    visit: Visit, claim_id: str, wrong: Rejected | None = None, typed: dict[str, str] | None = None, after: int = 0
) -> Response:
    zone, now = visit.zone, visit.now
    with visit.transaction() as db:
        claim = claims.find_claim(db, claim_id)
        if claim is None:
            raise NotFound
        reach = reach_of(db, claim_id, captured_channels(visit))
        listed = claims.touched_deliveries(db, reach.going, limit=_SHOWN + 1, after=max(after, 0))
        claiming = claims.versions_claiming(db, claim_id)
        acts = staff.acts_on(db, f"claim:{claim_id}", 10)
    role = visit.login.member.role
    return visit.page(
        "claim.html",
        active="claims",
        status=422 if wrong else 200,
        claim=claim,
        usable=claim.usable,
        standing=_STANDINGS[claim.status],
        ruled=words.when(claim.ruled_at, zone, now) if claim.ruled_at else "",
        reach=reach,
        claiming=list({one.name: one for one in reversed(claiming)}.values())[::-1],
        touched=[
            (one, words.when(one.starts_at, zone, now), words.when(one.next_due_at, zone, now))
            for one in reach.deliveries
        ],
        deliveries=[(one, words.when(one.due_at, zone, now)) for one in listed[:_SHOWN]],
        more=listed[_SHOWN - 1].id if len(listed) > _SHOWN else 0,
        may_withdraw=claim.status != "withdrawn" and role in (CLINICIAN, "marketing", "admin"),
        may_sign=claim.status != "reviewed" and role == CLINICIAN,
        acts=[(one, words.when(one.at, zone, now)) for one in acts],
        wrong=wrong,
        typed=typed or {},
        done=visit.request.query_params.get("done", ""),
    )
