"""What Twilio tells us of its own accord: signed status callbacks and inbound texts.

`call_back` and `inbound` make one request each and wait for its answer. `Course` plays the
whole life of each message in the background, with everything that callbacks may do wrong.
Nothing here ever leaves this machine.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import http.client
import random
import re
import secrets
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qs, urldefrag, urlencode, urlsplit

from tests.servers.twilio_store import ACCOUNT, SERVICE_SENDER, TOKEN, Sms, Store

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_PATIENCE = 15
"""Seconds after which Twilio no longer waits for an answer."""


def signature(url: str, fields: dict[str, str], token: str = TOKEN) -> str:
    """Sign a callback as Twilio's security page says: the URL without its fragment, then every parameter by name."""
    signed = urldefrag(url).url + "".join(name + value for name, value in sorted(fields.items()))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def call_back(sms: Sms, status: str, *, error_code: int = 0, token: str = TOKEN, via: str = "") -> int:
    """Report `status` to the message's StatusCallback, signed; gives the HTTP status of the answer.

    `via` is the address on this machine where the host of the StatusCallback is to be found. Raises
    ValueError if that is not on this machine, OSError if nobody answers.
    """
    return _post(sms.fields["StatusCallback"], status_fields(sms, status, error_code), token, via)


def inbound(url: str, token: str = TOKEN, *, via: str = "", **fields: str) -> int:
    """Post a signed inbound text to a hook; gives the HTTP status of the answer.

    `From` and `Body` will usually be given, `OptOutType` where Advanced Opt-Out is on, and `MessageSid`
    to post the same text again. Raises as `call_back`.
    """
    sid = fields.get("MessageSid") or f"SM{secrets.token_hex(16)}"
    usual = {
        "MessageSid": sid,
        "SmsSid": sid,
        "SmsMessageSid": sid,
        "AccountSid": ACCOUNT,
        "MessagingServiceSid": "MG" + "0" * 32,
        "From": "+12075550142",
        "To": SERVICE_SENDER,
        "Body": "",
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsStatus": "received",
        "ApiVersion": "2010-04-01",
        "FromCountry": "US",
        "ToCountry": "US",
    }
    return _post(url, usual | fields, token, via)


def status_fields(sms: Sms, status: str, error_code: int = 0) -> dict[str, str]:
    """Give the form that reports `status`."""
    fields = {
        "MessageSid": sms.sid,
        "SmsSid": sms.sid,
        "MessageStatus": status,
        "SmsStatus": status,
        "To": sms.to,
        "From": sms.fields.get("From", SERVICE_SENDER),
        "AccountSid": ACCOUNT,
        "ApiVersion": "2010-04-01",
    }
    if "MessagingServiceSid" in sms.fields:
        fields["MessagingServiceSid"] = sms.fields["MessagingServiceSid"]
    if status in ("delivered", "undelivered"):
        fields["RawDlrDoneDate"] = time.strftime("%y%m%d%H%M", time.gmtime(sms.at))
    if error_code:
        fields |= {"ErrorCode": str(error_code), "ErrorMessage": "What the carrier said"}
    return fields


@dataclass(frozen=True)
class _Letter:
    """A request as it will go over the wire."""

    host: str
    port: int
    path: str
    headers: dict[str, str]
    body: bytes

    @classmethod
    def write(cls, url: str, fields: dict[str, str], token: str, via: str) -> Self:
        asked, to = urlsplit(url), urlsplit(via or url)
        if to.scheme != "http" or to.hostname not in _LOOPBACK:
            raise ValueError("only addresses on this machine are called back")
        headers = {
            "Host": asked.netloc,
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "User-Agent": "TwilioProxy/1.1",
            "I-Twilio-Idempotency-Token": secrets.token_hex(16),
            "X-Twilio-Signature": signature(url, fields, token),
        }
        path = (asked.path or "/") + (f"?{asked.query}" if asked.query else "")
        return cls(to.hostname, to.port or 80, path, headers, urlencode(fields).encode())

    @property
    def text(self) -> bytes:
        headers = self.headers | {"Content-Length": str(len(self.body))}
        lines = [f"POST {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


def _post(url: str, fields: dict[str, str], token: str, via: str) -> int:
    letter = _Letter.write(url, fields, token, via)
    line = http.client.HTTPConnection(letter.host, letter.port, timeout=_PATIENCE)
    try:
        line.request("POST", letter.path, letter.body, letter.headers)
        answer = line.getresponse()
        answer.read()
        return answer.status
    finally:
        line.close()


@dataclass(kw_only=True)
class Fate:
    """How some messages end instead of `delivered`."""

    status: str = "undelivered"
    """`undelivered` after it was sent, or `failed` before."""
    error_code: int = 30003
    to: str = ""
    """Only for this number."""
    share: float = 1.0
    """Only for so many of them, by lot."""
    times: int = 1_000_000


@dataclass(kw_only=True)
class Callbacks:
    """How messages go on after they were taken, and what the callbacks about it do wrong."""

    delay: float = 0.0
    """Least seconds before each status."""
    jitter: float = 0.0
    """Up to so many seconds more, by lot."""
    twice: float = 0.0
    """Share of callbacks that are sent again."""
    shuffled: float = 0.0
    """Share of messages whose callbacks come in another order."""
    unsent: float = 0.0
    """Share of callbacks that are never sent, although the status was reached."""
    after_lost: bool = True
    """Also for messages that were taken although our answer said something else or got lost."""
    retries: int = 3
    """Further tries after no answer or a 5xx; the `rc` of the URL's fragment counts instead."""
    pause: float = 0.5
    """Seconds before the first further try, doubled for each."""
    via: str = ""
    """Where the host of the StatusCallback is to be found on this machine, such as `http://127.0.0.1:8000`."""
    fates: list[Fate] = field(default_factory=list)

    @classmethod
    def read(cls, facts: dict[str, Any]) -> Self:
        """Build it from JSON."""
        return cls(**facts | {"fates": [Fate(**fate) for fate in facts.get("fates", [])]})

    def fate(self, to: str, chance: random.Random) -> Fate:
        for fate in self.fates:
            if fate.times > 0 and fate.to in ("", to) and (fate.share >= 1 or chance.random() < fate.share):
                fate.times -= 1
                return fate
        return Fate(status="delivered", error_code=0)


class Course:
    """The lives of messages after the server took them; belongs to the server's event loop."""

    def __init__(self, store: Store, seed: int) -> None:
        self._store = store
        self._chance = random.Random(f"callbacks {seed}")
        self._lives: set[asyncio.Task[None]] = set()
        self._lines = _Lines()

    def begin(self, sms: Sms, how: Callbacks) -> None:
        life = asyncio.get_running_loop().create_task(self._live(sms, how))
        self._lives.add(life)
        life.add_done_callback(self._lives.discard)

    def end(self) -> None:
        for life in list(self._lives):
            life.cancel()
        self._lines.close()

    async def _live(self, sms: Sms, how: Callbacks) -> None:
        fate = how.fate(sms.to, self._chance)
        # The status with which the answer to the POST spoke of it is not reported.
        steps = ["queued"] if "MessagingServiceSid" in sms.fields else []
        steps += [fate.status] if fate.status == "failed" else ["sent", fate.status]
        late: list[str] | None = [] if self._drawn(how.shuffled) else None
        for status in steps:
            await asyncio.sleep(how.delay + self._chance.uniform(0, how.jitter))
            error_code = fate.error_code if status == fate.status else 0
            self._store.move(sms.sid, status, error_code)
            if late is None:
                await self._tell(sms, status, error_code, how)
            else:
                late.append(status)
        for status in self._shuffled(late or []):
            await self._tell(sms, status, fate.error_code if status == fate.status else 0, how)

    def _drawn(self, share: float) -> bool:
        return share > 0 and self._chance.random() < share

    def _shuffled(self, steps: list[str]) -> list[str]:
        mixed = list(steps)
        while mixed == steps and len(steps) > 1:
            self._chance.shuffle(mixed)
        return mixed

    async def _tell(self, sms: Sms, status: str, error_code: int, how: Callbacks) -> None:
        url = sms.fields.get("StatusCallback", "")
        if not url or self._drawn(how.unsent):
            return
        try:
            letter = _Letter.write(url, status_fields(sms, status, error_code), TOKEN, how.via)
        except ValueError:
            self._store.report(sms.sid, status, 0, 0)
            return
        for _ in range(2 if self._drawn(how.twice) else 1):
            await self._send(letter, sms.sid, status, how)

    async def _send(self, letter: _Letter, sid: str, status: str, how: Callbacks) -> None:
        url = self._store.messages[sid].fields["StatusCallback"]
        asked = parse_qs(urldefrag(url).fragment).get("rc", [""])[0]
        retries = int(asked) if asked.isdecimal() else how.retries
        for attempt in range(1, retries + 2):
            answer = await self._lines.post(letter)
            self._store.report(sid, status, answer, attempt)
            if 0 < answer < http.HTTPStatus.INTERNAL_SERVER_ERROR:
                return
            if attempt <= retries:
                await asyncio.sleep(how.pause * 2 ** (attempt - 1))


class _Lines:
    """A few kept-open connections to each hook."""

    def __init__(self, at_once: int = 16) -> None:
        self._turn = asyncio.Semaphore(at_once)
        self._idle: dict[tuple[str, int], list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]] = defaultdict(list)

    async def post(self, letter: _Letter) -> int:
        """Give the HTTP status of the answer; 0 if there was none."""
        async with self._turn:
            with suppress(OSError, EOFError, ValueError, TimeoutError, asyncio.LimitOverrunError):
                return await asyncio.wait_for(self._ask(letter), _PATIENCE)
        return 0

    async def _ask(self, letter: _Letter) -> int:
        idle = self._idle[letter.host, letter.port]
        while idle:
            line = idle.pop()
            # One that was closed while it waited has not taken the request: the next may.
            if not (line[0].at_eof() or line[1].is_closing()):
                with suppress(OSError, EOFError):
                    return await self._talk(line, letter)
        return await self._talk(await asyncio.open_connection(letter.host, letter.port), letter)

    async def _talk(self, line: tuple[asyncio.StreamReader, asyncio.StreamWriter], letter: _Letter) -> int:
        reader, writer = line
        kept = False
        try:
            writer.write(letter.text)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            status = int(head.split(" ", 2)[1])
            size = re.search(r"(?im)^content-length:\s*(\d+)", head)
            await reader.readexactly(int(size[1]) if size else 0)
            kept = bool(size or status == http.HTTPStatus.NO_CONTENT) and "connection: close" not in head.lower()
        finally:
            if kept:
                self._idle[letter.host, letter.port].append(line)
            else:
                writer.close()
        return status

    def close(self) -> None:
        for lines in self._idle.values():
            for _, writer in lines:
                writer.close()
