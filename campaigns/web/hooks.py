"""The doors for providers: verify, store, answer; nothing is applied here.

`POST /hooks/{provider}` for the webhooks that settings name, `POST /hooks/twilio/status/{token}`
for what Twilio says about one attempt, `POST /hooks/twilio/inbound` for texts, `POST /hooks/mail`
for a raw message. A door that no setting opens does not exist. Whoever cannot prove where a call
comes from gets 403 and leaves a count, no row.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from xml.sax.saxutils import escape

from fastapi import APIRouter, HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response

from campaigns import logs
from campaigns.domain.receipts import Post, Reading
from campaigns.errors import Forged, Malformed
from campaigns.hooks import confirm, open_hooks
from campaigns.operations.receive import Ears, TakenIn, take_in
from campaigns.providers.hooks.base import Hook, NotProvenYet
from campaigns.providers.mail.reading import read_mail
from campaigns.runtime import Runtime
from campaigns.store.engine import transaction

Answering = Callable[..., Awaitable[Response]]
_FORGED, _MALFORMED, _LOGIN_WRONG = 403, 400, 401
_STATUS: Final = ((NotProvenYet, 503), (Forged, _FORGED), (Malformed, _MALFORMED))
"""First match wins."""
_MOST_MAIL: Final = 10 * 1024 * 1024
"""Bytes of a raw message; its first part is what matters."""


@dataclass(frozen=True, slots=True)
class Doors:
    """What the webhooks work with; built once with the app."""

    runtime: Runtime
    hooks: Mapping[str, Hook]
    ears: Ears

    def take(self, name: str, post: Post, now: datetime) -> TakenIn:
        """Verify and store one call; raises `Forged` or `Malformed`."""
        reading = self.hooks[name].read(post, now)
        return self.store(name, post.body, reading, now)

    def store(self, name: str, raw: bytes, reading: Reading, now: datetime) -> TakenIn:
        """Store what was read from a call or a mail."""
        with transaction(self.runtime.engine) as db:
            taken = take_in(db, self.ears, name, raw, reading, now)
        if reading.confirm_url:
            confirm(reading.confirm_url)
        logs.event("hook.taken", provider=name, receipts=taken.receipts, inbound=taken.inbound)
        return taken


def routes(runtime: Runtime) -> APIRouter:
    """Give the routes of every door that settings open."""
    router = APIRouter(include_in_schema=False)
    doors = Doors(runtime, open_hooks(runtime.settings), runtime.ears)
    if "twilio_status" in doors.hooks:
        router.add_api_route("/hooks/twilio/status/{token}", _call(doors, "twilio_status"), methods=["POST"])
        router.add_api_route("/hooks/twilio/inbound", _text(doors), methods=["POST"])
    for name in doors.hooks.keys() - {"twilio_status", "twilio_inbound"}:
        router.add_api_route(f"/hooks/{name}", _call(doors, name), methods=["POST"])
    if runtime.settings.mail_hook_secret.get_secret_value():
        router.add_api_route("/hooks/mail", _mail(doors), methods=["POST"])
    return router


def _call(doors: Doors, name: str) -> Answering:
    async def call(request: Request, token: str = "") -> Response:
        await _taken(doors, name, request, token)
        return Response(status_code=204)

    return call


def _text(doors: Doors) -> Answering:
    async def text(request: Request) -> Response:
        taken = await _taken(doors, "twilio_inbound", request, "")
        said = doors.runtime.answers.get(taken.answer, "")
        inner = f"<Message>{escape(said)}</Message>" if said else ""
        return Response(f"<?xml version='1.0' encoding='UTF-8'?><Response>{inner}</Response>", media_type="text/xml")

    return text


def _mail(doors: Doors) -> Answering:
    async def mail(request: Request) -> Response:
        secret = doors.runtime.settings.mail_hook_secret.get_secret_value()
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), secret.encode()):
            logs.event("hook.refused", level=logs.WARNING, provider="mail", status=_FORGED)
            raise HTTPException(_FORGED, Forged.default)
        raw = (await _body(request))[:_MOST_MAIL]
        rcpt, now = request.headers.get("x-envelope-to", ""), doors.runtime.clock()
        reading = await run_in_threadpool(lambda: read_mail(raw, rcpt=rcpt))
        if reading == Reading():
            raise HTTPException(_MALFORMED, "This is no email: it has no header.")
        await run_in_threadpool(lambda: doors.store("mail", raw, reading, now))
        return PlainTextResponse("taken\n")

    return mail


async def _taken(doors: Doors, name: str, request: Request, token: str) -> TakenIn:
    runtime = doors.runtime
    query = f"?{request.url.query}" if request.url.query else ""
    path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1").partition("?")[0]
    post = Post(
        # Not the address the call claims to have reached, which a proxy may have changed.
        url=f"{runtime.settings.public_url}{path}{query}",
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await _body(request),
        token=token,
    )
    try:
        return await run_in_threadpool(doors.take, name, post, runtime.clock())
    except (Forged, Malformed) as error:
        status = next(code for kind, code in _STATUS if isinstance(error, kind))
        if name == "postmark" and status == _FORGED:
            status = _LOGIN_WRONG  # Postmark's proof is a login; after 403 it would stop repeating
        logs.event("hook.refused", level=logs.WARNING, provider=name, status=status)
        raise HTTPException(status, str(error)) from None


async def _body(request: Request) -> bytes:
    try:
        return await request.body()
    except ClientDisconnect:
        raise HTTPException(_MALFORMED, Malformed.default) from None
