"""A stand-in for Twilio's Messages API that keeps what it receives and misbehaves as told.

In a test: `with TwilioServer(...) as server`. As a process of its own:
`python -m tests.servers.twilio_server --port 0 --store DIR`, which prints one line of JSON with
its port; there `POST /_control/rules` and `POST /_control/callbacks` take the place of calls.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import hmac
import json
import signal
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any, BinaryIO, Self
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from campaigns.clock import Clock, file_clock, system_clock

ACCOUNT = "AC" + "0" * 32
TOKEN = "token-of-the-tests"
PAGE = 50


@dataclass(kw_only=True)
class Rule:
    """One fault for a POST: what to answer instead of 201, `times` times."""

    status: int = 0
    """HTTP status; 0 says nothing: with `close` a drop, else a hang."""
    code: int = 0
    """Twilio's error code."""
    body: str = ""
    """The whole answer as it goes over the wire, in place of one built from status and code."""
    retry_after: str = ""
    close: bool = False
    keep: bool = False
    """Keep the message although the answer says something else or nothing."""
    to: str = ""
    """Only for this number."""
    after: int = 0
    """Let this many matching requests pass first."""
    times: int = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Sms:
    """One message as Twilio took it."""

    sid: str
    at: float
    """Real time of arrival, in seconds since the epoch."""
    virtual: str
    """The same instant by the clock file, ISO 8601."""
    fields: dict[str, str]

    @property
    def to(self) -> str:
        return self.fields["To"]

    @property
    def body(self) -> str:
        return self.fields["Body"]


@dataclass(kw_only=True)
class Behaviour:
    """How fast the server is and what it does wrong."""

    latency: float = 0.0
    """Seconds from request to answer."""
    rules: list[Rule] = field(default_factory=list)


class Store:
    """What arrived, in memory and, if wanted, in `received.jsonl` of a folder."""

    def __init__(self, folder: Path | None = None, *, clock: Clock = system_clock) -> None:
        self.messages: dict[str, Sms] = {}
        self._clock = clock
        self._file: BinaryIO | None = None
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = (folder / "received.jsonl").open("ab", buffering=0)

    def add(self, fields: dict[str, str]) -> Sms:
        sid = f"SM{len(self.messages) + 1:032x}"
        sms = Sms(sid=sid, at=time.time(), virtual=self._clock().isoformat(), fields=fields)
        self.messages[sid] = sms
        if self._file:
            self._file.write(json.dumps(asdict(sms)).encode() + b"\n")
        return sms

    def close(self) -> None:
        if self._file:
            self._file.close()


def read_store(folder: Path) -> Iterator[Sms]:
    """Read what a server process has received up to now, in order."""
    file = folder / "received.jsonl"
    if file.exists():
        for line in file.read_bytes().split(b"\n")[:-1]:
            yield Sms(**json.loads(line))


def signature(url: str, fields: dict[str, str], token: str = TOKEN) -> str:
    """Sign a callback as Twilio's security page says: the URL, then every parameter by name."""
    signed = url + "".join(name + value for name, value in sorted(fields.items()))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def call_back(sms: Sms, status: str, *, error_code: int = 0, token: str = TOKEN) -> int:
    """Report `status` to the message's StatusCallback, signed; gives the HTTP status of the answer."""
    url = sms.fields["StatusCallback"]
    fields = {
        "MessageSid": sms.sid,
        "SmsSid": sms.sid,
        "MessageStatus": status,
        "SmsStatus": status,
        "To": sms.to,
        "From": sms.fields.get("From", "+12075550100"),
        "AccountSid": ACCOUNT,
        "ApiVersion": "2010-04-01",
    }
    if error_code:
        fields["ErrorCode"] = str(error_code)
    request = urllib.request.Request(url, urlencode(fields).encode(), method="POST")  # noqa: S310
    request.add_header("X-Twilio-Signature", signature(url, fields, token))
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


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
        asyncio.get_running_loop().call_later(
            self.server.behaviour.latency, self.answer, method, target, fields, bytes(rest[:size])
        )

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        said = self.server.answer(method, target, headers, body)
        if said is None:
            return  # a hang
        text, close = said
        self.transport.write(text)
        if close:
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
        self.open: set[_Dialogue] = set()
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

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[bytes, bool] | None:
        """Say what goes over the wire and whether the connection ends; None is a hang."""
        self.requests += 1
        path = urlsplit(target).path
        if path.startswith("/_control/"):
            return self._control(path, json.loads(body)), False
        self.authorizations.add(headers.get("authorization", ""))
        expected = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if headers.get("authorization") != f"Basic {expected}":
            return _response(401, _error(401, 20003, "Authenticate")), False
        base = f"/2010-04-01/Accounts/{ACCOUNT}/Messages"
        if path == f"{base}.json":
            fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
            return self._create(fields) if method == "POST" else (self._list(target), False)
        sms = self.store.messages.get(path.removeprefix(f"{base}/").removesuffix(".json"))
        return (_response(200, _resource(sms)) if sms else _response(404, _error(404, 20404, "not found"))), False

    def _create(self, fields: dict[str, str]) -> tuple[bytes, bool] | None:
        rule = self._rule(fields.get("To", ""))
        if rule is None:
            return _response(201, _resource(self.store.add(fields))), False
        if rule.keep:
            self.store.add(fields)
        if rule.body:
            return rule.body.encode(), rule.close
        if rule.status:
            wait = {"Retry-After": rule.retry_after} if rule.retry_after else {}
            said = _error(rule.status, rule.code, f"No way to text {fields.get('To')}")
            return _response(rule.status, said, **wait), rule.close
        return (b"", True) if rule.close else None

    def _list(self, target: str) -> bytes:
        query = {name: wanted[0] for name, wanted in parse_qs(urlsplit(target).query).items()}
        size = int(query.get("PageSize", PAGE))
        found = [sms for sms in reversed(self.messages) if query.get("To", sms.to) == sms.to][:size]
        envelope = {"messages": [_resource(sms) for sms in found], "page": 0, "page_size": size, "next_page_uri": None}
        return _response(200, envelope)

    def _control(self, path: str, asked: Any) -> bytes:
        if path == "/_control/rules":
            self.script(*(Rule(**rule) for rule in asked))
            return _response(200, {})
        sms = self.store.messages[asked["sid"]]
        args = (sms, asked["status"])
        threading.Thread(target=call_back, args=args, kwargs={"error_code": asked.get("error_code", 0)}).start()
        return _response(202, {})

    def _rule(self, to: str) -> Rule | None:
        for rule in self.behaviour.rules:
            if rule.times > 0 and rule.to in ("", to):
                if rule.after > 0:
                    rule.after -= 1
                    return None
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
            done.set()

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
        for dialogue in list(self.open):
            dialogue.transport.abort()
        await asyncio.sleep(0)

    def _dialogue(self) -> _Dialogue:
        self.connections += 1
        return _Dialogue(self)


def _response(status: int, content: dict[str, Any], **headers: str) -> bytes:
    body = json.dumps(content).encode()
    lines = [f"HTTP/1.1 {status} Whatever", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _error(status: int, code: int, message: str) -> dict[str, Any]:
    return {"code": code, "message": message, "more_info": "https://example.com", "status": status}


def _resource(sms: Sms) -> dict[str, Any]:
    return {
        "sid": sms.sid,
        "account_sid": ACCOUNT,
        "to": sms.to,
        "from": sms.fields.get("From"),
        "messaging_service_sid": sms.fields.get("MessagingServiceSid"),
        "body": sms.body,
        "status": "accepted" if "MessagingServiceSid" in sms.fields else "queued",
        "direction": "outbound-api",
        "num_segments": "0",
        "date_created": formatdate(sms.at),
        "date_sent": None,
        "error_code": None,
        "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sms.sid}.json",
    }


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
    parser.add_argument("--store", type=Path, help="folder for what is received")
    parser.add_argument("--clock", type=Path, help="clock file for the virtual arrival time")
    parser.add_argument("--latency-ms", type=float, default=0)
    parser.add_argument("--rules", type=Path, help="JSON list of rules")
    options = parser.parse_args()
    rules = [Rule(**rule) for rule in json.loads(options.rules.read_text())] if options.rules else []
    behaviour = Behaviour(latency=options.latency_ms / 1000, rules=rules)
    clock = file_clock(options.clock) if options.clock else system_clock
    asyncio.run(_main(TwilioServer(behaviour, store=Store(options.store, clock=clock), port=options.port)))


if __name__ == "__main__":
    main()
