"""What every staff page stands on: who is signed in, the form that was sent, and the frame around a page.

A page depends on `Signed`; one that changes something on `Acting`, which also proves
that the form came from this login and from our own pages. Handlers open their own
transactions with `visit.transaction()`: it is over before the answer leaves, so that
the next page sees what this one did.
"""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Depends, Path, Request
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse

from campaigns.domain.lifecycle import Status
from campaigns.errors import NotAllowed, Rejected
from campaigns.runtime import Runtime
from campaigns.store import alerts, questions, report_channel, reports, staff
from campaigns.store.approvals import waiting_versions
from campaigns.store.engine import Connection, transaction
from campaigns.web.dependencies import Login, LoginPosting, Now, Posted, RuntimeOf
from campaigns.web.staff import stopped, words
from campaigns.web.views import page

_EDITORS: Final = ("marketing", "admin")
_DIGITS: Final = 18
"""Of the number of a row at most."""
_OURS: Final = re.compile(r"/(staff|outbox)(/[\w./-]*)?(\?[\w=&%.:+-]*)?")


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a member of staff."""

    request: Request
    runtime: Runtime
    login: staff.Login
    now: datetime

    @property
    def zone(self) -> str:
        """The clinic's zone."""
        return self.runtime.settings.clinic_zone

    @property
    def may_edit(self) -> bool:
        """Whether this member may move, cancel and import."""
        return self.login.member.role in _EDITORS

    def require_editor(self) -> None:
        """Raise `NotAllowed` unless this member may change what registrants are told."""
        if not self.may_edit:
            raise NotAllowed("Only marketing and admin may do this. Nothing was changed.")

    def transaction(self) -> AbstractContextManager[Connection]:
        """Give a transaction that commits at the end of its block."""
        return transaction(self.runtime.engine)

    def page(self, template: str, *, active: str, status: int = 200, **facts: Any) -> HTMLResponse:
        """Fill `staff/<template>` inside the frame; `active` is its key in the menu."""
        with self.transaction() as db:
            unknown = reports.count_in(db, Status.UNKNOWN)
            replies, urgent = report_channel.count_replies(db)
            raised = alerts.count_raised(db)
            asked = questions.count_open(db)
            unread = len(waiting_versions(db, self.now)) if self.login.member.role == "clinician" else 0
            banner = stopped.banner(db, self.zone, self.now)
        return page(
            self.request,
            f"staff/{template}",
            status=status,
            headers={"Cache-Control": "no-store"},
            active=active,
            me=self.login.member,
            csrf=self.login.csrf,
            may_edit=self.may_edit,
            menu=_menu(
                self.runtime,
                unknown=unknown,
                replies=replies,
                urgent=bool(urgent),
                raised=raised,
                asked=asked,
                unread=unread,
            ),
            banner=banner,
            clock=words.clock(self.now, self.zone),
            **facts,
        )

    def record(self, db: Connection, act: str, subject: str, **detail: object) -> None:
        """Write what this member did on record; counts and reasons, never an address."""
        staff.record(db, staff_id=self.login.member.id, act=act, subject=subject, detail=detail, now=self.now)


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One line of the menu."""

    key: str
    name: str
    href: str
    heading: str = ""
    """Stands above the line."""
    count: int = 0
    """What waits for a person there."""
    waits: str = ""
    """For what it waits, after the number."""
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """A form of a signed-in page, and who sent it."""

    visit: Visit
    form: FormData

    def text(self, name: str) -> str:
        """Give a field without blanks around it; empty where it is missing."""
        value = self.form.get(name)
        return value.strip() if isinstance(value, str) else ""

    def sentence(self, name: str, ask: str, *, most: int = 300) -> str:
        """Give a field that must be filled in; raises `Rejected`, with `ask` where it is empty."""
        value = self.text(name)
        if not value:
            raise Rejected(ask, field=name)
        if "\x00" in value or "\ufffd" in value:
            raise Rejected("This holds characters that we could not read. Type it afresh.", field=name)
        if len(value) > most:
            raise Rejected(f"This is longer than {most:,} characters. Shorten it.", field=name)
        return value


def visit_of(request: Request, runtime: RuntimeOf, login: Login, now: Now) -> Visit:
    """Say who visits; raises `SignInNeeded` if nobody is signed in."""
    return Visit(request, runtime, login, now)


def act_of(visit: Signed, form: Posted, _login: LoginPosting) -> Act:
    """Give the form; raises `NotAllowed` unless it carries this login's own token and came from our pages."""
    return Act(visit, form)


def onward(target: str) -> str:
    """Give where to go on to after signing in; anything but a path of our staff pages becomes the first one."""
    return target if _OURS.fullmatch(target) else "/staff"


def number(words: str) -> int:
    """Read a number that one of our own forms carries; 0 for anything else."""
    return int(words) if words.isascii() and words.isdigit() and len(words) <= _DIGITS else 0


def go_to(path: str) -> RedirectResponse:
    """Send the browser on with GET, so that reloading repeats nothing."""
    return RedirectResponse(path, 303)


def outbox_used(runtime: Runtime) -> bool:
    """Whether a provider of this service writes into the outbox."""
    return "folder" in (runtime.settings.email_by, runtime.settings.sms_by)


def _menu(
    runtime: Runtime, *, unknown: int, replies: int, urgent: bool, raised: int, asked: tuple[int, bool], unread: int
) -> list[MenuItem]:
    items = [
        MenuItem("webinars", "Webinars", "/staff"),
        MenuItem("replies", "Replies", "/staff/replies", count=replies, waits="to be read", urgent=urgent),
        MenuItem("questions", "Questions", "/staff/questions", count=asked[0], waits="to be answered", urgent=asked[1]),
        MenuItem("deliveries", "Deliveries", "/staff/deliveries", count=unknown, waits="waiting for a decision"),
        MenuItem("imports", "Imports", "/staff/imports"),
        MenuItem("messages", "Messages", "/staff/messages", "What we say", count=unread, waits="to be approved"),
        MenuItem("claims", "Claims", "/staff/claims"),
        MenuItem("health", "Health", "/staff/health", "Running it", count=raised, waits="to be seen to"),
    ]
    if outbox_used(runtime):
        items.append(MenuItem("outbox", "Outbox", "/outbox"))
    return items


Id = Annotated[int, Path(ge=1, lt=2**63)]
"""The number of a row in an address; anything else is an address where nothing is."""
Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]
"""The name of a message or a claim in an address."""
Signed = Annotated[Visit, Depends(visit_of)]
"""For every page of a signed-in member."""
Acting = Annotated[Act, Depends(act_of)]
"""For every POST of such a page."""
