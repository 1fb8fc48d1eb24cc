"""Staff say what is shown on a session's own watch page."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from campaigns.domain.watching import Shares
from campaigns.errors import NotFound, Rejected
from campaigns.operations.links import plan_recording_anew
from campaigns.operations.schedule import LONGEST
from campaigns.operations.watch import judge_again
from campaigns.store import talks, webinars
from campaigns.store.engine import Connection
from campaigns.store.staff import record
from campaigns.store.talks import Talk

_LONGEST_ADDRESS: Final = 2000
_LONGEST_TRANSCRIPT: Final = 200_000
"""Characters: some five hours of speech."""
_ORIGIN: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?")
_VIDEO: Final = (".mp4", ".webm", ".m3u8")
_CAPTIONS: Final = (".vtt",)


def set_talk(db: Connection, session_id: int, talk: Talk, shares: Shares, *, staff_id: int, now: datetime) -> None:
    """Set the video, captions, words and length of a session's talk; each may be empty.

    Messages that wait for the recording go as soon as there is one. Whoever has watched with the
    class is judged by the new length at once, and only gains by it; a talk that is as it was is
    left alone, and off the record.
    Raises `NotFound`, or `Rejected` naming the field at fault.
    """
    written = Talk(
        media_url=_address(talk.media_url, "media_url", _VIDEO),
        captions_url=_address(talk.captions_url, "captions_url", _CAPTIONS),
        transcript=_paragraphs(talk.transcript),
        talk_seconds=_length(talk.talk_seconds),
    )
    if not written.media_url and written.captions_url:
        raise Rejected("Captions need a video. Give its address, or leave the captions out.", field="media_url")
    before = webinars.session_for_change(db, session_id)
    if before is None:
        raise NotFound("This session does not exist.")
    if talks.talk_of(db, session_id) == written:
        return
    talks.set_talk(db, session_id, written)
    plan_recording_anew(db, before)
    session = webinars.read_session(db, session_id)
    assert session is not None
    if judge_again(db, session, shares, now):
        webinars.plan_final_again(db, session_id)
    detail = {
        "video": bool(written.media_url),
        "captions": bool(written.captions_url),
        "transcript": len(written.transcript),
        "seconds": written.talk_seconds,
    }
    record(db, staff_id=staff_id, act="session talk set", subject=f"session:{session_id}", detail=detail, now=now)


def _address(given: str, field: str, endings: tuple[str, ...]) -> str:
    value = given.strip()
    if not value:
        return ""
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    own = value.startswith("/") and not value.startswith("//")
    whole = own or (parts.scheme == "https" and _ORIGIN.fullmatch(parts.netloc))
    plain = value.isascii() and value.isprintable() and not set(value) & set(" \"'<>\\")
    if not whole or not plain or len(value) > _LONGEST_ADDRESS:
        raise Rejected(
            "Give an address that begins with https://, or a path of our own that begins with /, without spaces.",
            field=field,
        )
    if PurePosixPath(parts.path).suffix.lower() not in endings:
        raise Rejected(f"The file must end in {' or '.join(endings)}. Give the address of such a file.", field=field)
    return value


def _paragraphs(given: str) -> str:
    lines = "\n".join(" ".join(line.split()) for line in given.replace("\r\n", "\n").split("\n"))
    text = re.sub(r"\n{3,}", "\n\n", lines).strip()
    if not all(letter.isprintable() or letter == "\n" for letter in text) or "\ufffd" in text:
        raise Rejected("This holds characters that cannot be shown. Paste it as plain text.", field="transcript")
    if len(text) > _LONGEST_TRANSCRIPT:
        raise Rejected(f"Keep the transcript under {_LONGEST_TRANSCRIPT:,} characters.", field="transcript")
    return text


def _length(seconds: int | None) -> int | None:
    if seconds is not None and not 0 < seconds <= LONGEST.total_seconds():
        raise Rejected("A talk lasts up to 8 hours. Write minutes and seconds, such as 9:40.", field="talk")
    return seconds
