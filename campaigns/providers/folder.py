"""Keeps messages as files instead of sending them: the default of `campaigns up`, and of every rehearsal.

Enter with `Folder` to write, with `captured` to read what was written. Nothing here
sends anything, and a file's name never tells to whom its message went.
"""

from __future__ import annotations

import contextlib
import heapq
import json
import os
import re
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Final

from campaigns.domain.messages import Accepted, Deferred, Email, Found, Message, Outcome, Text, Trace
from campaigns.domain.steps import Channel
from campaigns.errors import NotFound
from campaigns.providers.base import AtOnce

_SUFFIX: Final = {Channel.EMAIL: ".eml", Channel.SMS: ".json"}
_NAME: Final = re.compile(r"\d{20}-\d+-[0-9a-f]{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """One message of the outbox, taken apart for reading."""

    name: str
    """Names sort by the time of capture; the same as the provider's id of the delivery."""
    channel: Channel
    at: datetime
    """When the file was written, in UTC by the machine's clock."""
    delivery_id: int
    recipient: str
    """As the message names it: an address, or a number in E.164."""
    text: str
    """The plain text of an email, or the whole of a text message."""
    segments: int = 0
    """How many parts the text message was counted as; 0 for an email."""
    sender: str = ""
    subject: str = ""
    dated: datetime | None = None
    """The email's own Date: the service's clock, which a rehearsal moves."""
    html: str = ""
    calendar: str = ""
    """The calendar entry, if the email carries one."""
    headers: tuple[tuple[str, str], ...] = ()


class Folder:
    """A provider whose world is a folder: `<path>/email/*.eml` and `<path>/sms/*.json`."""

    name = "folder"
    sender = "outbox"
    captures = True

    def __init__(self, path: Path, channel: Channel) -> None:
        """Nothing is created before the first message."""
        self.channel = channel
        self._path = path

    def connect(self) -> FolderConnection:
        """Give a new line to the folder."""
        return FolderConnection(self._path, self.channel)

    def ask(self, _trace: Trace) -> Found | None:
        """Give None: what is in doubt at a folder is looked up by a person, in the outbox."""
        return None


class FolderConnection(AtOnce):
    """A lane's line to the folder. Lanes and processes may share one folder."""

    def __init__(self, path: Path, channel: Channel) -> None:
        """Take the folder as `Folder` was given it."""
        self._path = path
        self._channel = channel

    def hand_off(self, message: Message) -> Outcome:
        """Write one message whole or not at all; `Deferred` if the disk will not take it.

        A reader sees no half-written file. A power failure may lose the last files: the
        outbox is for looking at, so the disk is not waited for.
        """
        if isinstance(message, Email) and self._channel is Channel.EMAIL:
            content = message.raw
        elif isinstance(message, Text) and self._channel is Channel.SMS:
            content = _text_as_json(message)
        else:
            raise TypeError(f"the folder for {self._channel} cannot take {type(message).__name__}")
        try:
            return Accepted(_write(self._path / self._channel, _SUFFIX[self._channel], message.delivery_id, content))
        except OSError as error:
            return Deferred(f"folder: {os.strerror(error.errno) if error.errno else 'cannot write'}")

    def close(self) -> None:
        """Nothing is kept open."""


class _Stamps:
    """Turns the file system's time, which ticks only every few milliseconds, into ever rising stamps.

    Not the service's clock: a rehearsal's stands still while messages follow each other.
    """

    def __init__(self) -> None:
        self._last = 0
        self._lock = Lock()

    def next(self, written: int) -> int:
        with self._lock:
            self._last = max(written, self._last + 1)
            return self._last


_stamps: Final = _Stamps()


def captured(
    path: Path, *, channel: Channel | None = None, before: str = "", limit: int | None = None
) -> Iterator[Captured]:
    """Read the outbox at `path`, the newest message first, each file only when it is asked for.

    `before` is the name of the last message already shown, so that a page goes on where the one
    before it ended, whatever was captured in between. A file that vanishes meanwhile is passed over.
    """
    channels = [channel] if channel else list(Channel)
    files = heapq.merge(*(_newest_first(path / one, _SUFFIX[one]) for one in channels), key=_stem, reverse=True)
    older = (file for file in files if not before or file.stem < before)
    return islice(filter(None, map(_read, older)), limit)


def read_captured(path: Path, name: str) -> Captured:
    """Read one message of the outbox by its name; raises `NotFound` if there is none."""
    if _NAME.fullmatch(name):
        for channel in Channel:
            found = _read(path / channel / f"{name}{_SUFFIX[channel]}")
            if found:
                return found
    raise NotFound("This message is not in the outbox.")


def _text_as_json(message: Text) -> bytes:
    facts = {
        "to": message.recipient,
        "body": message.body,
        "segments": message.segments,
        "delivery_id": message.delivery_id,
    }
    return json.dumps(facts, ensure_ascii=False, indent=1).encode()


def _write(folder: Path, suffix: str, delivery_id: int, content: bytes) -> str:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=folder, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            written = _stamps.next(os.fstat(file.fileno()).st_mtime_ns)
        name = f"{written:020d}-{delivery_id}-{secrets.token_hex(3)}"
        Path(partial).replace(folder / f"{name}{suffix}")
    except OSError:
        with contextlib.suppress(OSError):
            Path(partial).unlink()
        raise
    return name


def _newest_first(folder: Path, suffix: str) -> list[Path]:
    try:
        names = [file.name for file in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    kept = (name for name in names if name.endswith(suffix) and _NAME.fullmatch(name.removesuffix(suffix)))
    return [folder / name for name in sorted(kept, reverse=True)]


def _stem(file: Path) -> str:
    return file.stem


def _read(file: Path) -> Captured | None:
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return None
    stamp, delivery_id, _ = file.stem.split("-")
    at = datetime.fromtimestamp(int(stamp) / 1e9, UTC)
    if file.suffix == _SUFFIX[Channel.EMAIL]:
        return take_apart(content, name=file.stem, at=at, delivery_id=int(delivery_id))
    facts = json.loads(content)
    return Captured(
        name=file.stem,
        channel=Channel.SMS,
        at=at,
        delivery_id=int(delivery_id),
        recipient=facts["to"],
        text=facts["body"],
        segments=facts["segments"],
    )


def take_apart(content: bytes, *, name: str, at: datetime, delivery_id: int) -> Captured:
    """Take an email apart as it is handed over; `name`, `at` and `delivery_id` are passed on as they are."""
    message = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
    date = message["Date"]
    return Captured(
        name=name,
        channel=Channel.EMAIL,
        at=at,
        delivery_id=delivery_id,
        sender=str(message["From"] or ""),
        recipient=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        dated=date.datetime if date is not None else None,
        text=_part(message, "text/plain"),
        html=_part(message, "text/html"),
        calendar=_part(message, "text/calendar"),
        headers=tuple((key, str(value)) for key, value in message.items()),
    )


def _part(message: EmailMessage, content_type: str) -> str:
    for part in message.walk():
        if part.get_content_type() == content_type:
            try:
                return str(part.get_content())
            except (LookupError, ValueError, MessageError):
                # A charset nobody knows: show the bytes rather than nothing.
                payload = part.get_payload(decode=True)
                return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    return ""
