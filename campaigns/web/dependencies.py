"""What handlers ask for before they begin: the runtime, the time, the form, who is signed in.

A handler opens its own transaction. Nothing here changes anything, so a handler that
never runs leaves no trace.
"""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request
from starlette.datastructures import FormData
from starlette.requests import ClientDisconnect

from campaigns.errors import NotAllowed, mark
from campaigns.operations import sign_in
from campaigns.runtime import Runtime
from campaigns.store import staff
from campaigns.store.engine import Connection, transaction

LOGIN_COOKIE: Final = "login"
CSRF_FIELD: Final = "csrf"
_FORM_TYPES: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_MOST_FIELDS: Final = 200


class SignInNeeded(Exception):
    """Nobody is signed in; `app.py` answers by leading to the sign-in page and back."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """What a request says about who sends it; kept as evidence of a consent, never logged."""

    ip: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a public page."""

    request: Request
    runtime: Runtime
    now: datetime
    visitor: Visitor

    def transaction(self) -> AbstractContextManager[Connection]:
        """Give a transaction that commits at the end of its block."""
        return transaction(self.runtime.engine)

    def evidence(self, place: str, zone: str) -> dict[str, object]:
        """Give what is kept beside a consent: who asked, from which page, with which clock."""
        return {"ip": self.visitor.ip, "user_agent": self.visitor.user_agent, "page": place, "zone": zone}


def runtime_of(request: Request) -> Runtime:
    """Give the runtime the app was built with."""
    runtime: Runtime = request.app.state.runtime
    return runtime


def now_of(request: Request) -> datetime:
    """Read the clock, once per request."""
    return runtime_of(request).clock()


def visitor(request: Request) -> Visitor:
    """Say who sends this; behind a proxy uvicorn has already put the visitor's address in place."""
    return Visitor(request.client.host if request.client else "", request.headers.get("user-agent", "")[:400])


def call_of(request: Request, runtime: RuntimeOf, now: Now, visitor: From) -> Call:
    """Gather what a public handler needs."""
    return Call(request, runtime, now, visitor)


async def posted(request: Request) -> AsyncIterator[FormData]:
    """Read the form of a POST.

    Refuses what is no form with 415, and what cannot be read or has too many fields with 400;
    how long it may be is `body.py`'s matter.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _FORM_TYPES:
        raise HTTPException(415, mark("This address takes a form. Send it from the page it stands on."))
    try:
        form = await request.form(max_fields=_MOST_FIELDS, max_part_size=runtime_of(request).settings.body_limit)
    except ClientDisconnect:
        raise HTTPException(400, mark("The form did not arrive whole. Send it again.")) from None
    try:
        yield form
    finally:
        await form.close()  # an uploaded file lies in a temporary one


def from_our_pages(request: Request) -> None:
    """Refuse a form that another site's page sent; raises `NotAllowed`.

    Browsers say where a form comes from. A missing or opaque Origin passes: our personal
    pages send none of their address (no-referrer), and a program can claim what it likes.
    """
    site, origin = request.headers.get("sec-fetch-site", ""), request.headers.get("origin", "null")
    if site in ("same-origin", "none"):
        return
    ours = {_host(runtime_of(request).settings.public_url), request.headers.get("host", "")}
    if site == "cross-site" or (origin != "null" and _host(origin) not in ours):
        raise NotAllowed(
            mark("This form came from another site, so we did not take it. Open our page and send it there.")
        )


def from_known_pages(request: Request) -> None:
    """Refuse a form from another site unless its origin is in the settings; raises `NotAllowed`."""
    if request.headers.get("origin", "") not in runtime_of(request).settings.embedders:
        from_our_pages(request)


def login_of(request: Request, runtime: RuntimeOf, now: Now) -> staff.Login:
    """Give the login of whoever is signed in; raises `SignInNeeded` if nobody is."""
    with transaction(runtime.engine) as db:
        found = sign_in.who(db, request.cookies.get(LOGIN_COOKIE, ""), now)
    if found is None:
        raise SignInNeeded
    return found


def login_posting(request: Request, form: Posted, login: Login) -> staff.Login:
    """Give the login behind a POST whose form carries the login's own token; raises `NotAllowed` otherwise."""
    from_our_pages(request)
    given = form.get(CSRF_FIELD, "")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), login.csrf.encode()):
        raise NotAllowed("This form is from an earlier sign-in. Go back, reload the page and send it again.")
    return login


def _host(address: str) -> str:
    return urlsplit(address).netloc


RuntimeOf = Annotated[Runtime, Depends(runtime_of)]
Now = Annotated[datetime, Depends(now_of)]
From = Annotated[Visitor, Depends(visitor)]
Calling = Annotated[Call, Depends(call_of)]
Posted = Annotated[FormData, Depends(posted)]
Login = Annotated[staff.Login, Depends(login_of)]
LoginPosting = Annotated[staff.Login, Depends(login_posting)]
"""For every POST of a logged-in page."""
OurForm = Depends(from_our_pages)
"""For every public POST but the one-click stop and the registration form."""
KnownForm = Depends(from_known_pages)
"""For the registration form, which pages of the clinic's other sites may send as well."""
