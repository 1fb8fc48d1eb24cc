"""What handlers ask for before they begin."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from fastapi import HTTPException
from starlette.datastructures import FormData
from starlette.requests import Request

from campaigns.errors import NotAllowed
from campaigns.store.staff import Login, Member
from campaigns.web.dependencies import from_known_pages, from_our_pages, login_posting, posted, visitor

LOGIN = Login(Member(1, "a@example.com", "Ana", "admin"), "token-of-this-login", datetime(2027, 1, 1, tzinfo=UTC))


def request(*, client=("192.0.2.7", 1), receive=None, **headers):
    raw = [
        (name.replace("_", "-").encode(), value.encode())
        for name, value in {"host": "class.example", **headers}.items()
    ]
    embedders = ("https://www.clinic.example",)
    settings = SimpleNamespace(public_url="https://public.example", body_limit=1000, embedders=embedders)
    app = SimpleNamespace(state=SimpleNamespace(runtime=SimpleNamespace(settings=settings)))
    scope = {"type": "http", "method": "POST", "path": "/", "headers": raw, "client": client, "app": app}
    return Request(scope, receive) if receive else Request(scope)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": "https://class.example"},
        {"origin": "https://public.example"},
        {"sec_fetch_site": "same-origin", "origin": "https://behind-a-proxy.example"},
        {"sec_fetch_site": "none"},
        {"sec_fetch_site": "same-site", "origin": "https://class.example"},
    ],
)
def test_form_of_ours_passes(headers):
    from_our_pages(request(**headers))


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "cross-site", "origin": "https://class.example"},
        {"origin": "https://elsewhere.example"},
        {"sec_fetch_site": "same-site", "origin": "https://other.public.example"},
        {"origin": ""},
    ],
)
def test_form_of_another_site_is_refused(headers):
    with pytest.raises(NotAllowed):
        from_our_pages(request(**headers))


@pytest.mark.parametrize("form", [{}, {"csrf": ""}, {"csrf": "another"}, {"csrf": object()}, {"csrf": "ünïcode"}])
def test_form_without_the_logins_own_token_is_refused(form):
    with pytest.raises(NotAllowed, match="earlier sign-in"):
        login_posting(request(), FormData(form), LOGIN)


def test_form_with_it_passes_from_our_own_pages_only():
    form = FormData({"csrf": LOGIN.csrf})
    assert login_posting(request(), form, LOGIN) is LOGIN
    with pytest.raises(NotAllowed):
        login_posting(request(sec_fetch_site="cross-site"), form, LOGIN)


def test_form_that_breaks_off_is_refused_with_a_remedy():
    async def receive():
        return {"type": "http.disconnect"}

    broken = request(content_type="application/x-www-form-urlencoded", receive=receive)
    with pytest.raises(HTTPException, match="did not arrive whole"):
        asyncio.run(anext(posted(broken)))


def test_visitor_is_an_address_and_the_beginning_of_a_browsers_name():
    found = visitor(request(user_agent="x" * 1000))
    assert (found.ip, len(found.user_agent)) == ("192.0.2.7", 400)
    assert visitor(request(client=None)).ip == ""


def test_form_of_a_site_in_the_settings_passes_and_any_other_does_not():
    from_known_pages(request(sec_fetch_site="cross-site", origin="https://www.clinic.example"))
    from_known_pages(request(sec_fetch_site="same-origin"))
    for origin in ("https://elsewhere.example", "https://www.clinic.example.evil.example", "http://www.clinic.example"):
        with pytest.raises(NotAllowed):
            from_known_pages(request(sec_fetch_site="cross-site", origin=origin))
