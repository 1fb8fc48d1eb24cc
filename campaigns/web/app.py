"""The web application: routes, error pages, headers.

`create_app` is given a Runtime and builds nothing else; the process that serves it
knows neither Celery nor Redis, and takes registrations while Redis is down.
"""

from __future__ import annotations

import secrets
import time
from typing import Final
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from campaigns import logs
from campaigns.errors import CampaignsError, Conflict, LinkExpired, NotAllowed, NotFound, PageErased, Rejected, mark
from campaigns.language import gettext
from campaigns.runtime import Runtime
from campaigns.store.engine import reachable
from campaigns.web import brand, hooks, outbox
from campaigns.web.body import BodyCeiling
from campaigns.web.dependencies import SignInNeeded
from campaigns.web.headers import SafeHeaders
from campaigns.web.languages import Spoken, said
from campaigns.web.pace import Pace
from campaigns.web.public import (
    ask,
    calendar,
    change,
    code,
    confirm,
    details,
    join,
    own_data,
    place,
    register,
    stop,
    waiting,
    watch,
    words,
)
from campaigns.web.staff.routes import routes
from campaigns.web.views import STATIC, Pages, page

_STATUS: Final[tuple[tuple[type[CampaignsError], int], ...]] = (
    (NotFound, 404),
    (LinkExpired, 404),
    (NotAllowed, 403),
    (Rejected, 422),
    (Conflict, 409),
)
"""First match wins."""

_BEATS_PER_MINUTE: Final = 60
"""That one registration may send: a page sends six, and one more whenever it is paused or hidden."""
_NOT_FOUND: Final = 404
_GONE: Final = 410
_BROKEN: Final = 500

_STAFF: Final = ("/staff", "/outbox")
"""Addresses whose readers work here: their error pages have the staff's look."""
_SENTENCES: Final = {
    404: mark("There is nothing at this address. Check it, or open the newest email from us and use the link in it."),
    405: mark("This address cannot be used that way. Open the page and use the button on it."),
}


def create_app(runtime: Runtime) -> FastAPI:
    """Build the application around one runtime, which the caller closes."""
    settings = runtime.settings
    app = FastAPI(title=settings.program_name, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.runtime = runtime
    app.state.pages = Pages(settings, runtime.templates)
    app.state.pace = Pace(settings.registrations_per_minute, time.monotonic)
    app.state.beats = Pace(_BEATS_PER_MINUTE, time.monotonic)
    app.add_middleware(BodyCeiling, limit=settings.body_limit, upload_limit=settings.upload_limit)
    app.add_middleware(Spoken)
    app.add_middleware(SafeHeaders, https=settings.public_url.startswith("https:"), broken=_broken)
    app.mount("/static", _Static(directory=STATIC))
    personal = (place, change, waiting, code, confirm, details, own_data, ask)
    for room in (register, *personal, join, watch, stop, calendar, words):
        app.include_router(room.router)
    app.include_router(brand.router)
    app.include_router(routes(runtime))
    app.include_router(outbox.routes(runtime))
    app.include_router(hooks.routes(runtime))
    app.add_api_route("/healthz", _healthz, include_in_schema=False)
    app.add_exception_handler(CampaignsError, _declined)
    app.add_exception_handler(PageErased, _erased)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _no_such_address)
    app.add_exception_handler(SignInNeeded, _sign_in)
    return app


def _healthz(request: Request) -> Response:
    """Say that this process lives and whether the database answers."""
    runtime: Runtime = request.app.state.runtime
    if reachable(runtime.engine):
        return PlainTextResponse("ok\n")
    return PlainTextResponse("the database does not answer\n", status_code=503)


def _declined(request: Request, error: Exception) -> Response:
    assert isinstance(error, CampaignsError)
    status = next((number for kind, number in _STATUS if isinstance(error, kind)), 500)
    staff = request.url.path.startswith(_STAFF)
    bare = error.message == NotFound.default and not staff
    return _error_page(request, status, gettext(_SENTENCES[_NOT_FOUND]) if bare else said(error))


def _erased(request: Request, _error: Exception) -> Response:
    return page(request, "public/erased.html", status=_GONE, personal=True)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _error_page(request, error.status_code, gettext(_SENTENCES.get(error.status_code, error.detail)))


def _no_such_address(request: Request, _error: Exception) -> Response:
    # Only addresses are validated by FastAPI here; forms say themselves what is wrong, field by field.
    return _error_page(request, _NOT_FOUND, gettext(_SENTENCES[_NOT_FOUND]))


def _sign_in(request: Request, _error: Exception) -> Response:
    query = f"?{request.url.query}" if request.url.query else ""
    back = request.url.path + query if request.method == "GET" else "/staff"
    return RedirectResponse(f"/staff/sign-in?next={quote(back, safe='/')}", status_code=303)


def _broken(request: Request, error: Exception) -> Response:
    return _error_page(request, _BROKEN, gettext("Something broke at our end. Wait a minute, then try again."), error)


def _error_page(request: Request, status: int, sentence: str, error: Exception | None = None) -> Response:
    reference = secrets.token_hex(4)
    broken = status >= _BROKEN
    # The route as written in the code: the address itself may hold a signed link.
    route = getattr(request.scope.get("route"), "path", "none")
    name = "web.failed" if broken else "web.refused"
    logs.event(name, error=error, reference=reference, status=status, route=route)
    template = "staff/error.html" if request.url.path.startswith(_STAFF) else "error.html"
    return page(request, template, status=status, personal=True, sentence=sentence, reference=reference, broken=broken)


class _Static(StaticFiles):
    """Files whose address changes with their content."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]  # passed on untouched
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
