"""The outbox: everything the folder provider captured, readable in a browser.

On the machine itself it needs no sign-in, as its files need none either; through a
proxy or from elsewhere it is for signed-in staff. Where no provider writes into a
folder there is no outbox. An email's HTML is served alone, in a sandbox without
scripts, and shown in a frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, Response

from campaigns.domain import segments
from campaigns.domain.steps import Channel
from campaigns.errors import NotFound
from campaigns.operations import sign_in
from campaigns.providers.folder import Captured, captured, read_captured
from campaigns.runtime import Runtime
from campaigns.store.engine import transaction
from campaigns.web.alone import alone
from campaigns.web.dependencies import LOGIN_COOKIE, Now, RuntimeOf, SignInNeeded
from campaigns.web.staff import words
from campaigns.web.staff.desk import Visit, outbox_used
from campaigns.web.views import page

router = APIRouter()

_PAGE: Final = 50
_PARTS: Final = (("html", "As it looks"), ("text", "Text part"), ("calendar", "Calendar"), ("headers", "Headers"))
_LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "::1")
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever may read the outbox."""

    runtime: Runtime
    visit: Visit | None
    """None for someone at this machine who is not signed in."""

    def page(self, request: Request, template: str, **facts: Any) -> HTMLResponse:
        """Fill a page: in the staff's frame for who is signed in, else in a bare one."""
        if self.visit is not None:
            return self.visit.page(template, active="outbox", frame="staff/layout.html", **facts)
        headers = {"Cache-Control": "no-store"}
        return page(request, f"staff/{template}", headers=headers, frame="staff/outbox-frame.html", **facts)


def reader_of(request: Request, runtime: RuntimeOf, now: Now) -> Reader:
    """Say who reads; raises `NotFound` where nothing is captured, `SignInNeeded` for a stranger."""
    if not outbox_used(runtime):
        raise NotFound
    with transaction(runtime.engine) as db:
        login = sign_in.who(db, request.cookies.get(LOGIN_COOKIE, ""), now)
    if login is None and not from_this_machine(request):
        raise SignInNeeded
    return Reader(runtime, Visit(request, runtime, login, now) if login else None)


def from_this_machine(request: Request) -> bool:
    """Say whether a request came from this machine, to a local name, and through no proxy.

    The name is asked for because a web site may make its own name point to 127.0.0.1.
    """
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        near = ip_address(request.client.host).is_loopback
    except ValueError:
        return False
    return near and request.url.hostname in _LOCAL_NAMES


Reading = Annotated[Reader, Depends(reader_of)]


@router.get("/outbox")
def show_outbox(request: Request, reader: Reading, channel: str = "", before: str = "") -> Response:
    """List what was captured, the newest first."""
    only = Channel(channel) if channel in list(Channel) else None
    found = list(captured(reader.runtime.settings.outbox, channel=only, before=before, limit=_PAGE + 1))
    return reader.page(
        request,
        "outbox.html",
        rows=[_row(one, reader) for one in found[:_PAGE]],
        channel=channel if only else "",
        first=bool(before),
        next=found[_PAGE - 1].name if len(found) > _PAGE else "",
    )


@router.get("/outbox/{name}")
def show_message(request: Request, reader: Reading, name: str, part: str = "") -> Response:
    """Show one message: as it looks, its other parts, or its headers."""
    message = read_captured(reader.runtime.settings.outbox, name)
    present = {"html": message.html, "text": message.text, "calendar": message.calendar, "headers": message.headers}
    parts = [(key, title) for key, title in _PARTS if present[key]]
    chosen = part if part in dict(parts) else parts[0][0] if parts else ""
    older = list(captured(reader.runtime.settings.outbox, before=name, limit=1))
    return reader.page(
        request,
        "outbox-message.html",
        message=message,
        row=_row(message, reader),
        parts=parts,
        part=chosen,
        count=segments.count(message.text) if message.channel is Channel.SMS else None,
        older=older[0].name if older else "",
    )


@router.get("/outbox/{name}/html")
def show_html(reader: Reading, name: str) -> Response:
    """Give an email's HTML alone; raises `NotFound` for a message that has none."""
    message = read_captured(reader.runtime.settings.outbox, name)
    if not message.html:
        raise NotFound
    return alone(message.html)


@router.get("/outbox/{name}/message.eml")
def download(reader: Reading, name: str) -> Response:
    """Give an email as the provider took it, byte by byte."""
    folder = reader.runtime.settings.outbox
    if read_captured(folder, name).channel is not Channel.EMAIL:
        raise NotFound
    content = (folder / Channel.EMAIL / f"{name}.eml").read_bytes()
    headers = {"Content-Disposition": f'attachment; filename="{name}.eml"', "Cache-Control": "no-store"}
    return Response(content, media_type="message/rfc822", headers=headers)


def routes(_runtime: Runtime) -> APIRouter:
    """Give the routes of the outbox; handlers find the runtime on the application."""
    return router


def _row(message: Captured, reader: Reader) -> dict[str, object]:
    zone, at = reader.runtime.settings.clinic_zone, message.dated or message.at
    now = reader.runtime.clock()
    return {
        "name": message.name,
        "channel": message.channel,
        "title": message.subject if message.channel is Channel.EMAIL else message.text,
        "recipient": message.recipient,
        "when": words.when(at, zone, now),
        "calendar": bool(message.calendar),
        "delivery_id": message.delivery_id,
        "segments": message.segments,
    }
