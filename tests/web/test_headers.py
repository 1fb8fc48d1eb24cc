"""The last net under the handlers."""

import asyncio

import pytest
from starlette.responses import PlainTextResponse

from campaigns.web.headers import SafeHeaders, content_policy, origin_of

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


def test_older_header_stays_away_from_a_page_whose_policy_names_who_may_frame_it():
    policies = {
        b"x-frame-options": content_policy(),
        None: content_policy(framed_by="https://www.clinic.example"),
    }
    for expected, policy in policies.items():

        async def application(_scope, _receive, send, policy=policy):
            headers = [(b"content-security-policy", policy.encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b""})

        headers = dict(call(application)[0]["headers"])
        assert (b"x-frame-options" in headers) is (expected is not None)
        assert headers[b"content-security-policy"] == policy.encode()


def test_what_is_no_request_passes_untouched():
    async def application(_scope, _receive, send):
        await send({"type": "lifespan.startup.complete"})

    assert call(application, {"type": "lifespan"}) == [{"type": "lifespan.startup.complete"}]


def test_form_target_is_added_to_the_policy():
    assert content_policy("'self' https://room.example").endswith("form-action 'self' https://room.example")


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://media.example/talk.mp4", "https://media.example"),
        ("https://Media.example:8443", "https://media.example:8443"),
        ("https://media.example?x", "https://media.example"),
        ("/media/talk.mp4", ""),
        ("", ""),
        ("http://media.example/talk.mp4", ""),
        ("https://media.example;script-src *", ""),
        ("https://user@media.example/talk.mp4", ""),
        ("https://media.example\n/talk.mp4", ""),
    ],
)
def test_only_a_plain_https_origin_is_named_in_a_policy(address, origin):
    assert origin_of(address) == origin


def test_media_from_elsewhere_are_let_in_only_where_a_page_names_them():
    assert "media-src" not in content_policy()
    assert content_policy(media_sources="'self' https://a.example").endswith("; media-src 'self' https://a.example")
