"""A real SMTP server that keeps what it receives and does wrong what it is told to do wrong.

In a test: `with SmtpServer(...) as server`. As a process of its own:
`python -m tests.servers.smtp_server --port 0 --store DIR`, which prints one line of JSON with
its port. Every message lies in `received.jsonl` (envelope, times, offset) and `received.bin` (bytes).
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import random
import signal
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Literal, Self

from campaigns.clock import Clock, file_clock, system_clock

At = Literal["greeting", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "dot", "rset"]

FAULTS: dict[str, dict[str, Any]] = {
    "defer": {"at": "rcpt", "reply": "451 4.7.1 Come back later"},
    "refuse": {"at": "rcpt", "reply": "550 5.1.1 Nobody of that name here"},
    "defer after": {"at": "dot", "reply": "451 4.3.0 Not now"},
    "refuse after": {"at": "dot", "reply": "554 5.7.1 Not these words"},
    "hang": {"at": "dot"},
    "hang and keep": {"at": "dot", "keep": True},
    "answer late": {"at": "dot", "keep": True, "wait": 2.0, "reply": "250 2.0.0 Ok: at last"},
    "close before": {"at": "dot", "close": True},
    "close after": {"at": "dot", "close": True, "keep": True},
}
"""The faults by name, as rules in JSON: `FAULTS["defer"] | {"share": 0.02}`."""


@dataclass(kw_only=True)
class Rule:
    """One fault: at this moment of the dialogue, `times` times, do this instead of the usual."""

    at: At
    reply: str = ""
    """What to say, such as `451 4.7.1 later`; garbage is allowed. Empty says nothing: with `close` a drop, else a hang."""
    close: bool = False
    """Close the connection afterwards."""
    wait: float = 0.0
    """Seconds of silence before that reply or close."""
    keep: bool = False
    """At the dot: record the message although the reply says something else or nothing."""
    match: str = ""
    """Only when the command line (at the dot: the recipient) contains this."""
    after: int = 0
    """Let this many matching moments pass first."""
    times: int = 1_000_000
    share: float = 1.0
    """Only at so many of the matching moments, by lot; the others are left to the rules behind."""


@dataclass(frozen=True, kw_only=True)
class Received:
    """One message the server answered for, or kept in spite of its answer."""

    at: float
    """Real time of the final dot, in seconds since the epoch."""
    virtual: str
    """The same instant by the clock file, ISO 8601, where one is set."""
    sender: str
    recipient: str
    raw: bytes
    connection: int
    encrypted: bool = False


@dataclass(kw_only=True)
class Behaviour:
    """What the server offers and how fast it is."""

    pipelining: bool = True
    tls: ssl.SSLContext | None = None
    starttls: bool = False
    """Offer STARTTLS; with `tls` and not this, encryption starts at once."""
    login: tuple[str, str] | None = None
    """User and password without which MAIL is refused."""
    delay: float = 0.0
    """Seconds between the final dot and its reply."""
    rules: list[Rule] = field(default_factory=list)
    seed: int = 0
    """The same seed draws the same lots."""


class Store:
    """What arrived, in memory or in two files of a folder."""

    def __init__(self, folder: Path | None = None, *, clock: Clock = system_clock, keep: bool = True) -> None:
        self.keep = keep
        self.messages: list[Received] = []
        self.count = 0
        self._clock = clock
        self._index: BinaryIO | None = None
        self._bytes: BinaryIO | None = None
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            self._index = (folder / "received.jsonl").open("ab", buffering=0)
            self._bytes = (folder / "received.bin").open("ab", buffering=0)

    def add(self, sender: str, recipient: str, raw: bytes, connection: int, encrypted: bool) -> None:  # noqa: FBT001
        self.count += 1
        if not self.keep:
            return
        facts: dict[str, Any] = {
            "at": time.time(),
            "virtual": self._clock().isoformat(),
            "sender": sender,
            "recipient": recipient,
            "connection": connection,
            "encrypted": encrypted,
        }
        if not (self._index and self._bytes):
            self.messages.append(Received(raw=raw, **facts))
            return
        offset = self._bytes.tell()
        self._bytes.write(raw)
        self._index.write(json.dumps(facts | {"offset": offset, "size": len(raw)}).encode() + b"\n")

    def close(self) -> None:
        for file in (self._index, self._bytes):
            if file:
                file.close()


def read_store(folder: Path) -> Iterator[Received]:
    """Read what a server process has received up to now, in order."""
    index = folder / "received.jsonl"
    if not index.exists():
        return
    content = (folder / "received.bin").read_bytes()
    for line in index.read_bytes().split(b"\n")[:-1]:
        facts = json.loads(line)
        offset, size = facts.pop("offset"), facts.pop("size")
        yield Received(raw=content[offset : offset + size], **facts)


class _Dialogue(asyncio.Protocol):
    """One connection."""

    def __init__(self, server: SmtpServer, number: int) -> None:
        self.server = server
        self.behaviour = server.behaviour
        self.number = number
        self.buffer = bytearray()
        self.in_content = False
        self.fresh_content = False
        self.stuck = False
        self.reads = 0
        self.encrypted = bool(self.behaviour.tls and not self.behaviour.starttls)
        self.logged_in = self.behaviour.login is None
        self.sender: str | None = None
        self.recipients: list[str] = []
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.server.open.add(self)
        self.say("greeting", "", "220 mail.test ESMTP")

    def connection_lost(self, _exc: Exception | None) -> None:
        self.server.open.discard(self)

    def data_received(self, data: bytes) -> None:
        self.reads += 1
        self.buffer += data
        self.go_on()

    def go_on(self) -> None:
        while self.buffer and not self.stuck and not self.transport.is_closing():
            if self.in_content:
                if not self.content():
                    return
                continue
            line, end, rest = self.buffer.partition(b"\n")
            if not end:
                return
            if rest and not self.behaviour.pipelining:
                self.server.violations.append(bytes(self.buffer[:200]))
            self.buffer = rest
            self.command(line.decode("latin-1").rstrip("\r"))

    def say(self, at: At, about: str, usual: str) -> bool:
        """Reply as usual unless a rule says otherwise; True if it was as usual."""
        rule = self.server.rule(at, about)
        if rule is None:
            self.write(usual)
            return True
        self.obey(rule)
        return False

    def obey(self, rule: Rule) -> None:
        if rule.wait and (rule.reply or rule.close):
            self.stuck = True
            asyncio.get_running_loop().call_later(rule.wait, self.resume, rule)
            return
        if rule.reply:
            self.write(rule.reply)
        if rule.close:
            self.transport.close()
        elif not rule.reply:
            self.stuck = True

    def resume(self, rule: Rule) -> None:
        if not self.transport.is_closing():
            self.stuck = False
            self.obey(replace(rule, wait=0.0))
            self.go_on()

    def write(self, text: str) -> None:
        self.transport.write(text.encode() + b"\r\n")

    def command(self, line: str) -> None:
        verbs = {
            "EHLO": self.ehlo,
            "HELO": self.ehlo,
            "STAR": self.starttls,
            "AUTH": self.auth,
            "MAIL": self.mail,
            "RCPT": self.rcpt,
            "DATA": self.data,
            "RSET": self.rset,
            "QUIT": self.quit,
        }
        verbs.get(line[:4].upper(), self.unknown)(line)

    def ehlo(self, line: str) -> None:
        self.server.ehlos.append(line)
        self.say("ehlo", line, self.greeting(line[:4].upper()))

    def rcpt(self, line: str) -> None:
        if self.sender is None:
            self.write("503 5.5.1 MAIL first")
        elif self.say("rcpt", line, "250 2.1.5 Ok"):
            self.recipients.append(_address(line))

    def rset(self, line: str) -> None:
        self.sender, self.recipients = None, []
        self.say("rset", line, "250 2.0.0 Ok")

    def quit(self, _line: str) -> None:
        self.server.quits += 1
        self.write("221 2.0.0 Bye")
        self.transport.close()

    def unknown(self, _line: str) -> None:
        self.write("502 5.5.2 What?")

    def auth(self, line: str) -> None:
        good = self.server.knows(line)
        if self.say("auth", line, "235 2.7.0 Welcome" if good else "535 5.7.8 Wrong user or password") and good:
            self.logged_in = True

    def starttls(self, line: str) -> None:
        if not (self.behaviour.starttls and self.behaviour.tls):
            self.unknown(line)
        elif self.say("starttls", line, "220 2.0.0 Go ahead"):
            self.stuck = True
            self.server.tasks.add(asyncio.ensure_future(self.encrypt(self.behaviour.tls)))

    async def encrypt(self, context: ssl.SSLContext) -> None:
        self.encrypted = True
        try:
            transport = await asyncio.get_running_loop().start_tls(self.transport, self, context, server_side=True)
        except (OSError, ConnectionError):
            self.transport.close()
            return
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.stuck = False
        self.go_on()

    def greeting(self, verb: str) -> str:
        if verb == "HELO":
            return "250 mail.test"
        lines = ["mail.test", "SIZE 20000000", "8BITMIME", "ENHANCEDSTATUSCODES"]
        if self.behaviour.pipelining:
            lines.append("PIPELINING")
        if self.behaviour.starttls and not self.encrypted:
            lines.append("STARTTLS")
        if self.behaviour.login:
            lines.append("AUTH PLAIN")
        return "\r\n".join([f"250-{line}" for line in lines[:-1]] + [f"250 {lines[-1]}"])

    def mail(self, line: str) -> None:
        self.server.mails.append(line)
        self.reads = 1
        if not self.logged_in:
            self.write("530 5.7.0 Authentication required")
        elif self.behaviour.starttls and not self.encrypted:
            self.write("530 5.7.0 Must issue a STARTTLS command first")
        elif self.say("mail", line, "250 2.1.0 Ok"):
            self.sender, self.recipients = _address(line), []

    def data(self, line: str) -> None:
        rule = self.server.rule("data", line)
        if rule:
            self.obey(rule)
        elif self.recipients:
            self.write("354 End data with <CR><LF>.<CR><LF>")
        else:
            self.write("503 5.5.1 RCPT first")
        if rule.reply.startswith("354") if rule else self.recipients:
            self.in_content = self.fresh_content = True
            self.server.reads_before_content.append(self.reads)

    def content(self) -> bool:
        """Take the content if its end is here."""
        if self.fresh_content and self.buffer.startswith(b".\r\n"):
            end, after = 0, 3
        else:
            end = self.buffer.find(b"\r\n.\r\n")
            if end < 0:
                return False
            end, after = end + 2, end + 5
        raw = bytes(self.buffer[:end])
        del self.buffer[:after]
        self.in_content = False
        if raw.startswith(b"."):
            raw = raw[1:]
        self.raw = raw.replace(b"\r\n.", b"\r\n")
        if self.behaviour.delay:
            self.stuck = True
            asyncio.get_running_loop().call_later(self.behaviour.delay, self.dot)
        else:
            self.dot()
        return True

    def dot(self) -> None:
        self.stuck = False
        if not self.recipients:
            self.server.empty_messages += not self.raw
            self.write("554 5.5.1 No valid recipients")
        elif rule := self.server.rule("dot", self.recipients[0]):
            if rule.keep:
                self.record()
            self.obey(rule)
        else:
            self.record()
            self.write(f"250 2.0.0 Ok: queued as {self.server.store.count:010X}")
        self.sender, self.recipients = None, []
        self.go_on()

    def record(self) -> None:
        for recipient in self.recipients:
            self.server.store.add(self.sender or "", recipient, self.raw, self.number, self.encrypted)


def _address(line: str) -> str:
    return line.partition("<")[2].partition(">")[0]


class SmtpServer:
    """The server; `with` runs it in a thread of its own on a free port of 127.0.0.1."""

    def __init__(self, behaviour: Behaviour | None = None, *, store: Store | None = None, port: int = 0) -> None:
        self.behaviour = behaviour or Behaviour()
        self.store = store or Store()
        self.port = port
        self.connections = 0
        self.quits = 0
        self.mails: list[str] = []
        """Every MAIL command as it came."""
        self.ehlos: list[str] = []
        self.reads_before_content: list[int] = []
        """In how many pieces MAIL, RCPT and DATA came, for each message."""
        self.empty_messages = 0
        """How often a client ended content that no recipient was to get."""
        self.violations: list[bytes] = []
        """Input that came before its time from a client that was not offered PIPELINING."""
        self.open: set[_Dialogue] = set()
        self.tasks: set[asyncio.Future[None]] = set()
        self._chance = random.Random(self.behaviour.seed)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()

    @property
    def messages(self) -> list[Received]:
        return self.store.messages

    def script(self, *rules: Rule) -> None:
        """Replace the faults."""
        self.behaviour.rules = list(rules)

    def rule(self, at: At, about: str) -> Rule | None:
        """Give the rule that applies now and use it up once."""
        for rule in self.behaviour.rules:
            if rule.at == at and rule.match in about and rule.times > 0:
                if rule.after > 0:
                    rule.after -= 1
                    return None
                if rule.share < 1 and self._chance.random() >= rule.share:
                    continue
                rule.times -= 1
                return rule
        return None

    def knows(self, line: str) -> bool:
        parts = line.split()
        if self.behaviour.login is None or len(parts) < 3:
            return False
        return tuple(base64.b64decode(parts[2]).decode().split("\0")[1:]) == self.behaviour.login

    async def serve(self) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        tls = self.behaviour.tls if not self.behaviour.starttls else None
        listener = await loop.create_server(self._dialogue, "127.0.0.1", self.port, ssl=tls, backlog=512)
        self.port = listener.sockets[0].getsockname()[1]
        return listener

    def drop_all(self) -> None:
        """Close every open connection from our side, as a server does with idle ones."""
        assert self._loop
        done = threading.Event()

        def drop() -> None:
            for dialogue in list(self.open):
                dialogue.transport.abort()
            # The sockets are closed in the loop's next round.
            asyncio.get_running_loop().call_soon(done.set)

        self._loop.call_soon_threadsafe(drop)
        done.wait(5)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        self._ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the port and every connection; once stopped it stays stopped."""
        assert self._loop
        assert self._thread
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(5)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(lambda *_: None)  # a failed handshake is what some tests are about
        self._stop = asyncio.Event()
        listener = await self.serve()
        self._ready.set()
        await self._stop.wait()
        listener.close()
        for _ in range(10):  # a connection that was being accepted shows up a turn or two later
            for dialogue in list(self.open):
                dialogue.transport.abort()
            await asyncio.sleep(0)

    def _dialogue(self) -> _Dialogue:
        self.connections += 1
        return _Dialogue(self, self.connections)


async def _main(server: SmtpServer) -> None:
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
    parser.add_argument("--store", type=Path, help="folder for what is received; without it only counted")
    parser.add_argument("--clock", type=Path, help="clock file for the virtual arrival time")
    parser.add_argument("--delay-ms", type=float, default=0)
    parser.add_argument("--no-pipelining", action="store_true")
    parser.add_argument("--rules", type=Path, help="JSON list of rules")
    parser.add_argument("--seed", type=int, default=0, help="draws the lots of rules")
    options = parser.parse_args()
    rules = [Rule(**rule) for rule in json.loads(options.rules.read_text())] if options.rules else []
    behaviour = Behaviour(
        pipelining=not options.no_pipelining, delay=options.delay_ms / 1000, rules=rules, seed=options.seed
    )
    clock = file_clock(options.clock) if options.clock else system_clock
    store = Store(options.store, clock=clock, keep=options.store is not None)
    asyncio.run(_main(SmtpServer(behaviour, store=store, port=options.port)))


if __name__ == "__main__":
    main()
