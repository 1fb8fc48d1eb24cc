"""A stand-in for Twilio's Messages API that keeps what it receives and misbehaves as told.

In a test: `with TwilioServer(...) as server`. As a process of its own:
`python -m tests.servers.twilio_server --port 0 --store DIR`, which prints one line of JSON with
its port; there `POST /_control/rules`, `/_control/course` and `/_control/callbacks` take the place of calls.
It answers POST and GET of `Messages.json` and GET of one message and of the account, and, where told so
by `--callbacks`, plays every message's further life with signed status callbacks.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import random
import re
import signal
import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, urlsplit

from campaigns.clock import file_clock, system_clock
from tests.servers.twilio_callbacks import Callbacks, Course, Fate, call_back, inbound, signature
from tests.servers.twilio_store import ACCOUNT, BASE, TOKEN, Report, Sms, Store, page, read_reports, read_store

__all__ = [
    "ACCOUNT",
    "FAULTS",
    "TOKEN",
    "Behaviour",
    "Callbacks",
    "Fate",
    "Report",
    "Request",
    "Rule",
    "Sms",
    "Store",
    "TwilioServer",
    "call_back",
    "inbound",
    "read_reports",
    "read_store",
    "signature",
]

FAULTS: dict[str, dict[str, Any]] = {
    "too many": {"status": 429, "code": 20429, "retry_after": "1"},
    "fails before": {"status": 503, "code": 20503},
    "fails after": {"status": 500, "code": 20500, "keep": True},
    "drops before": {"close": True},
    "drops after": {"close": True, "keep": True},
    "hangs before": {},
    "hangs after": {"keep": True},
    "answers late": {"status": 201, "wait": 2.0},
    "garbage": {"body": "220 smtp.example ESMTP\r\n", "close": True},
    "opted out": {"status": 400, "code": 21610},
}
"""The faults by name, as rules in JSON: `FAULTS["too many"] | {"share": 0.02}`. Before and after is: it was taken."""


@dataclass(kw_only=True)
class Rule:
    """One fault: what to answer instead of the usual, `times` times."""

    status: int = 0
    """HTTP status; 0 says nothing: with `close` a drop, else a hang. 201 takes the message as usual."""
    code: int = 0
    """Twilio's error code."""
    body: str = ""
    """The whole answer as it goes over the wire, in place of one built from status and code."""
    retry_after: str = ""
    wait: float = 0.0
    """Seconds between taking the message and this answer."""
    close: bool = False
    keep: bool = False
    """Keep the message although the answer says something else or nothing."""
    on: Literal["POST", "GET"] = "POST"
    """Creating a message, or reading: the list, or one message."""
    to: str = ""
    """Only for this number."""
    after: int = 0
    """Let this many matching requests pass first."""
    times: int = 1_000_000
    share: float = 1.0
    """Only for so many of the matching requests, by lot; the others are left to the rules behind."""


@dataclass(kw_only=True)
class Behaviour:
    """How fast the server is and what it does wrong."""

    latency: float = 0.0
    """Seconds from request to answer."""
    rules: list[Rule] = field(default_factory=list)
    callbacks: Callbacks | None = None
    """How messages go on; without it they stay in Twilio's queue and nobody is called back."""
    seed: int = 0
    """The same seed draws the same lots."""


@dataclass(frozen=True)
class Request:
    """One request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    """By their names in small letters."""
    body: bytes


@dataclass(frozen=True)
class _Answer:
    data: bytes
    close: bool = False
    wait: float = 0.0


class _Dialogue(asyncio.Protocol):
    """One kept-open HTTP/1.1 connection."""

    def __init__(self, server: TwilioServer) -> None:
        self.server = server
        self.buffer = bytearray()
        self.busy = False
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.server.open.add(self)

    def connection_lost(self, _exc: Exception | None) -> None:
        self.server.open.discard(self)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.busy:
            self.next_request()

    def next_request(self) -> None:
        head, end, rest = self.buffer.partition(b"\r\n\r\n")
        if not end:
            return
        line, *headers = head.decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (header.partition(":") for header in headers)}
        size = int(fields.get("content-length", "0"))
        if len(rest) < size:
            return
        self.buffer = rest[size:]
        self.busy = True
        method, target, _ = line.split(" ", 2)
        request = Request(method, target, fields, bytes(rest[:size]))
        asyncio.get_running_loop().call_later(self.server.behaviour.latency, self.answer, request)

    def answer(self, request: Request) -> None:
        said = self.server.answer(request)
        if said is None:
            return  # a hang
        if said.wait:
            asyncio.get_running_loop().call_later(said.wait, self.write, said)
        else:
            self.write(said)

    def write(self, said: _Answer) -> None:
        if self.transport.is_closing():
            return
        self.transport.write(said.data)
        if said.close:
            self.transport.close()
            return
        self.busy = False
        self.next_request()


class TwilioServer:
    """The server; `with` runs it in a thread of its own on a free port of 127.0.0.1."""

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        *,
        store: Store | None = None,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.tls = tls
        self.behaviour = behaviour or Behaviour()
        self.store = store or Store()
        self.port = port
        self.connections = 0
        self.requests = 0
        self.authorizations: set[str] = set()
        self.last: Request | None = None
        """The latest request to the API."""
        self.open: set[_Dialogue] = set()
        self._chance = random.Random(self.behaviour.seed)
        self._course = Course(self.store, self.behaviour.seed)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def stopped(self) -> bool:
        return self._thread is not None and not self._thread.is_alive()

    @property
    def messages(self) -> list[Sms]:
        return list(self.store.messages.values())

    def script(self, *rules: Rule) -> None:
        """Replace the faults."""
        self.behaviour.rules = list(rules)

    def answer(self, request: Request) -> _Answer | None:
        """Say what goes over the wire, and when, and whether the connection ends; None is a hang."""
        self.requests += 1
        path = urlsplit(request.target).path
        if path.startswith("/_control/"):
            return self._control(path, json.loads(request.body))
        self.last = request
        self.authorizations.add(request.headers.get("authorization", ""))
        expected = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {expected}":
            return self._error(401, 20003, "Authenticate")
        if (request.method, path) == ("POST", f"{BASE}/Messages.json"):
            return self._create(dict(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True)))
        return self._read(path, request.target)

    def _create(self, fields: dict[str, str]) -> _Answer | None:
        rule = self._rule("POST", fields.get("To", ""))
        faulty = _fault_of(fields)
        if rule and rule.status != 201:
            if rule.keep and not faulty:
                self._take(fields, lost=True)
            return self._misbehave(rule, fields.get("To", ""))
        if faulty:
            return self._error(400, *faulty)
        made = self._json(201, self.store.resource(self._take(fields)))
        return _Answer(made.data, rule.close, rule.wait) if rule else made

    def _take(self, fields: dict[str, str], *, lost: bool = False) -> Sms:
        sms = self.store.add(fields)
        how = self.behaviour.callbacks
        if how and (how.after_lost or not lost):
            self._course.begin(sms, how)
        return sms

    def _read(self, path: str, target: str) -> _Answer | None:
        rule = self._rule("GET", dict(parse_qsl(urlsplit(target).query)).get("To", ""))
        if rule:
            return self._misbehave(rule, "")
        if path == f"{BASE}/Messages.json":
            try:
                return self._json(200, page(self.store, target))
            except ValueError:
                return self._error(400, 20001, "Unknown parameters")
        if path == f"{BASE}.json":
            return self._json(200, {"sid": ACCOUNT, "status": "active", "type": "Full"})
        sms = self.store.messages.get(path.removeprefix(f"{BASE}/Messages/").removesuffix(".json"))
        return self._json(200, self.store.resource(sms)) if sms else self._error(404, 20404, "not found")

    def _misbehave(self, rule: Rule, to: str) -> _Answer | None:
        if rule.body:
            return _Answer(rule.body.encode(), rule.close, rule.wait)
        if rule.status:
            wait = {"Retry-After": rule.retry_after} if rule.retry_after else {}
            said = self._error(rule.status, rule.code, f"No way to text {to}", **wait)
            return _Answer(said.data, rule.close, rule.wait)
        return _Answer(b"", close=True, wait=rule.wait) if rule.close else None

    def _error(self, status: int, code: int, message: str, **headers: str) -> _Answer:
        more = f"https://www.twilio.com/docs/errors/{code}"
        return self._json(status, {"code": code, "message": message, "more_info": more, "status": status}, **headers)

    def _json(self, status: int, content: dict[str, Any], **headers: str) -> _Answer:
        body = json.dumps(content).encode()
        in_flight = sum(dialogue.busy for dialogue in self.open)
        lines = [
            f"HTTP/1.1 {status} Whatever",
            "Content-Type: application/json;charset=utf-8",
            f"Content-Length: {len(body)}",
            f"Twilio-Concurrent-Requests: {in_flight}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        return _Answer("\r\n".join([*lines, "", ""]).encode() + body)

    def _control(self, path: str, asked: Any) -> _Answer:
        if path == "/_control/rules":
            self.script(*(Rule(**rule) for rule in asked))
        elif path == "/_control/course":
            self.behaviour.callbacks = Callbacks.read(asked) if asked else None
        else:
            args = (self.store.messages[asked["sid"]], asked["status"], asked.get("error_code", 0))
            threading.Thread(target=self.report, args=args).start()
        return self._json(202, {})

    def report(self, sms: Sms, status: str, error_code: int = 0) -> int:
        """Let a message get so far and call back about it; gives the HTTP status of the answer."""
        self.store.move(sms.sid, status, error_code)
        return call_back(sms, status, error_code=error_code)

    def _rule(self, method: str, to: str) -> Rule | None:
        for rule in self.behaviour.rules:
            if rule.times > 0 and rule.on == method and rule.to in ("", to):
                if rule.after > 0:
                    rule.after -= 1
                    return None
                if rule.share < 1 and self._chance.random() >= rule.share:
                    continue
                rule.times -= 1
                return rule
        return None

    async def serve(self) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(self._dialogue, "127.0.0.1", self.port, ssl=self.tls, backlog=512)
        self.port = listener.sockets[0].getsockname()[1]
        return listener

    def drop_all(self) -> None:
        """Close every open connection from our side."""
        assert self._loop
        done = threading.Event()

        def drop() -> None:
            for dialogue in list(self.open):
                dialogue.transport.abort()
            # The sockets are closed in the loop's next round.
            asyncio.get_running_loop().call_soon(done.set)

        self._loop.call_soon_threadsafe(drop)
        done.wait(5)

    def stop(self) -> None:
        """Close the port and every connection; once stopped it stays stopped."""
        assert self._loop
        assert self._thread
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(5)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        self._ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(lambda *_: None)  # a failed handshake is what one test is about
        self._stop = asyncio.Event()
        listener = await self.serve()
        self._ready.set()
        await self._stop.wait()
        listener.close()
        self._course.end()
        for dialogue in list(self.open):
            dialogue.transport.abort()
        await asyncio.sleep(0)

    def _dialogue(self) -> _Dialogue:
        self.connections += 1
        return _Dialogue(self)


def _fault_of(fields: dict[str, str]) -> tuple[int, str] | None:
    """Say what Twilio would not take, whoever asks."""
    if not fields.get("To"):
        return 21604, "A 'To' phone number is required."
    if not re.fullmatch(r"\+[1-9]\d{5,14}", fields["To"]):
        return 21211, "Invalid 'To' Phone Number"
    if not (fields.get("From") or fields.get("MessagingServiceSid")):
        return 21603, "A 'From' phone number is required."
    if not fields.get("Body"):
        return 21602, "Message body is required."
    if len(fields["Body"]) > 1600:
        return 21617, "The concatenated message body exceeds the 1600 character limit"
    return None


async def _main(server: TwilioServer) -> None:
    listener = await server.serve()
    print(json.dumps({"port": server.port}), flush=True)  # noqa: T201
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    listener.close()
    server.store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--store", type=Path, help="folder for what is received and reported")
    parser.add_argument("--clock", type=Path, help="clock file for the virtual arrival time")
    parser.add_argument("--latency-ms", type=float, default=0)
    parser.add_argument("--rules", type=Path, help="JSON list of rules")
    parser.add_argument("--callbacks", type=Path, help="JSON object that says how messages go on")
    parser.add_argument("--seed", type=int, default=0, help="draws the lots of rules and callbacks")
    options = parser.parse_args()
    rules = [Rule(**rule) for rule in json.loads(options.rules.read_text())] if options.rules else []
    callbacks = Callbacks.read(json.loads(options.callbacks.read_text())) if options.callbacks else None
    behaviour = Behaviour(latency=options.latency_ms / 1000, rules=rules, callbacks=callbacks, seed=options.seed)
    clock = file_clock(options.clock) if options.clock else system_clock
    asyncio.run(_main(TwilioServer(behaviour, store=Store(options.store, clock=clock), port=options.port)))


if __name__ == "__main__":
    main()
