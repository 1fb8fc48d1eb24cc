"""The ceiling for request bodies."""

import asyncio

import pytest
from fastapi import HTTPException

from campaigns.web import body
from campaigns.web.body import BodyCeiling


def take(path, chunks, headers=(), kind="http"):
    """Send chunks through a ceiling of 10 bytes (30 for uploads); give what the application got to read."""
    read = []

    async def application(scope, receive, send):
        if scope["type"] != "http":
            read.append(b"passed")
            return
        read.extend([(await receive())["body"] for _ in chunks])

    waiting = [{"type": "http.request", "body": chunk, "more_body": chunk is not chunks[-1]} for chunk in chunks]

    async def receive():
        return waiting.pop(0)

    scope = {"type": kind, "path": path, "headers": list(headers)}
    try:
        asyncio.run(BodyCeiling(application, limit=10, upload_limit=30)(scope, receive, None))
    except HTTPException:
        assert waiting == []  # the sender got to the end
        raise
    return read


def test_body_within_the_limit_passes():
    assert take("/w/a", [b"12345", b"67890"]) == [b"12345", b"67890"]


def test_body_that_grows_beyond_it_is_refused_where_it_does():
    with pytest.raises(HTTPException) as refused:
        take("/w/a", [b"12345", b"678901"])
    assert refused.value.status_code == 413


def test_announced_length_is_believed_only_when_it_is_too_much():
    with pytest.raises(HTTPException):
        take("/w/a", [b"1"], [(b"content-length", b"11")])
    with pytest.raises(HTTPException):
        take("/w/a", [b"12345678901"], [(b"content-length", b"1")])
    assert take("/w/a", [b"1"], [(b"content-length", b"nonsense")]) == [b"1"]


def test_uploads_of_staff_may_be_larger():
    assert take("/staff/sessions/1/import", [b"1" * 30]) == [b"1" * 30]
    with pytest.raises(HTTPException):
        take("/staff/sessions/1/import", [b"1" * 31])


def test_what_is_no_request_passes_untouched():
    assert take("", [], kind="lifespan") == [b"passed"]


def test_rest_of_a_refused_body_is_poured_away_so_that_the_answer_is_seen():
    with pytest.raises(HTTPException):
        take("/w/a", [b"12345678901", b"more", b"and more", b"the end"])


def test_sender_without_an_end_is_cut_off(monkeypatch):
    monkeypatch.setattr(body, "_POURED_AT_MOST", 100)
    received = []

    async def receive():
        received.append(1)
        return {"type": "http.request", "body": b"x" * 50, "more_body": True}

    async def application(scope, receive, send):
        await receive()

    scope = {"type": "http", "path": "/w/a", "headers": []}
    with pytest.raises(HTTPException):
        asyncio.run(BodyCeiling(application, limit=10, upload_limit=30)(scope, receive, None))
    assert len(received) == 3
