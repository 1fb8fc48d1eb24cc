"""Signing in and out."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from campaigns.operations import sign_in
from campaigns.store.engine import transaction
from campaigns.web.dependencies import LOGIN_COOKIE, From, Now, OurForm, Posted, RuntimeOf
from campaigns.web.staff.desk import Acting, go_to, onward
from campaigns.web.views import page

router = APIRouter()


@router.get("/staff/sign-in")
def show_sign_in(request: Request, runtime: RuntimeOf, now: Now, next: str = "") -> Response:  # noqa: A002  # the word in the URL
    """Show the form; whoever is signed in already goes on."""
    with transaction(runtime.engine) as db:
        login = sign_in.who(db, request.cookies.get(LOGIN_COOKIE, ""), now)
    return go_to(onward(next)) if login else _form(request, next)


@router.get("/staff/login")
def show_login() -> Response:
    """Lead whoever types the other usual word to the form."""
    return go_to("/staff/sign-in")


@router.post("/staff/sign-in", dependencies=[OurForm])
def take_sign_in(request: Request, runtime: RuntimeOf, now: Now, visitor: From, form: Posted) -> Response:
    """Open a login and set its cookie, or say no without saying which of the two was wrong."""
    email, password, target = (str(form.get(name, "")) for name in ("email", "password", "next"))
    answer = sign_in.sign_in(
        runtime.engine, email=email, password=password, ip=visitor.ip, secret=runtime.settings.secrets[0], now=now
    )
    if isinstance(answer, sign_in.Declined):
        return _form(request, target, email=email, declined=answer)
    response = go_to(onward(target))
    response.set_cookie(
        LOGIN_COOKIE,
        answer.token,
        max_age=int(answer.lasts.total_seconds()),
        secure=runtime.settings.public_url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    return response


@router.post("/staff/sign-out")
def sign_out(act: Acting) -> Response:
    """End the login."""
    visit = act.visit
    with visit.transaction() as db:
        sign_in.sign_out(db, visit.request.cookies.get(LOGIN_COOKIE, ""), visit.now)
    response = go_to("/staff/sign-in")
    response.delete_cookie(LOGIN_COOKIE)
    return response


def _form(request: Request, target: str, *, email: str = "", declined: sign_in.Declined | None = None) -> Response:
    status = 200 if declined is None else 429 if declined.wait else 403
    return page(
        request,
        "staff/sign-in.html",
        status=status,
        headers={"Cache-Control": "no-store"},
        declined=declined,
        email=email[:320],
        next=onward(target),
    )
