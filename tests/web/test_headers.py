"""The last net under the handlers."""

import asyncio

import pytest
from starlette.responses import PlainTextResponse

from campaigns.web.headers import SafeHeaders, content_policy

SCOPE = {"type": "http", "path": "/", "method": "GET", "headers": [], "query_string": b""}


def call(application, scope=SCOPE):
    sent = []

    async def send(message):
        sent.append(message)

    def broken(_request, _error):
        return PlainTextResponse("broken", status_code=500)

    asyncio.run(SafeHeaders(application, https=False, broken=broken)(scope, None, send))
    return sent


def test_page_may_bring_a_policy_of_its_own():
    async def application(scope, receive, send):
        await PlainTextResponse("x", headers={"Content-Security-Policy": "own"})(scope, receive, send)

    headers = dict(call(application)[0]["headers"])
    assert headers[b"content-security-policy"] == b"own"
    assert headers[b"x-frame-options"] == b"DENY"


def test_exception_before_the_answer_becomes_a_page_with_the_headers():
    async def application(_scope, _receive, _send):
        raise RuntimeError

    start, body = call(application)
    assert (start["status"], body["body"]) == (500, b"broken")
    assert b"x-frame-options" in dict(start["headers"])


def test_exception_in_the_middle_of_an_answer_breaks_the_connection():
    async def application(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError

    with pytest.raises(RuntimeError):
        call(application)


def test_what_is_no_request_passes_untouched():
    async def application(_scope, _receive, send):
        await send({"type": "lifespan.startup.complete"})

    assert call(application, {"type": "lifespan"}) == [{"type": "lifespan.startup.complete"}]


def test_form_target_is_added_to_the_policy():
    assert content_policy("'self' https://room.example").endswith("form-action 'self' https://room.example")
