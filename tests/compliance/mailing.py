"""A world whose emails go over real SMTP to a server that keeps every byte, and tells the time by the world's clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from campaigns.domain.rulings import SmtpTable
from campaigns.domain.tokens import Links, Signer
from campaigns.operations.recover import recover
from campaigns.operations.send import Desk, send_batch
from campaigns.operations.words import Words
from campaigns.providers.mail.reading import read_mail
from campaigns.providers.smtp import Smtp
from campaigns.rendering.identity import send_token
from campaigns.rendering.skeleton import Sign
from campaigns.rules.replies import read_smtp_replies
from campaigns.store import alerts, streams
from campaigns.store.engine import transaction
from tests.compliance.wire import approve
from tests.factories import GRACE, NOON, PUBLIC, World, sender
from tests.fakes import HandClock
from tests.servers.smtp_server import Behaviour, Received, SmtpServer, Store

PATIENT = timedelta(seconds=20)
"""Where the server answers: as long as the machine needs."""
BRIEF = timedelta(seconds=0.4)
"""Where it stays silent."""
CORPUS = Path(__file__).parents[1] / "providers" / "mail" / "corpus"
TOKEN = b"a0ab496a5821306e3eebbdfd62297f90721a9eca"
"""Ours, as it stands in the samples of the corpus."""


@cache
def table() -> SmtpTable:
    """What replies mean, as the service ships it."""
    return read_smtp_replies()


def relay(server: SmtpServer, **facts) -> Smtp:
    """The real provider, as the runtime builds it."""
    usual = {"table": table(), "sender": "clinic.example", "security": "none", "timeout": PATIENT}
    return Smtp("127.0.0.1", server.port, **{**usual, "local_hostname": "class.example.org", **facts})


@dataclass
class Mailing(World):
    """The world with a real mail server at the end of its line."""

    server: SmtpServer = field(init=False)
    sign: Sign | None = None
    lanes: int = 1
    """Lines to the server at once."""
    _desk: Desk | None = None

    def reach(self, server: SmtpServer, **facts) -> None:
        """Send emails there from now on, as a clinic with approved words does."""
        self.hang_up()
        self.server, self.email = server, relay(server, **facts)
        approve(self)

    def answer_bells(self, **_) -> int:
        """A worker that keeps its lines open answers every doorbell; gives the hand-offs made."""
        if self._desk is None:
            self._desk = replace(self.desk(lanes=self.lanes), words=_words(str(self.engine.url), self.sign))
        try:
            return sum(send_batch(self._desk, batch) for _, batch in self.bells)
        finally:
            self.bells.clear()

    def hang_up(self) -> None:
        if self._desk is not None:
            self._desk.close()
        self._desk = None

    def later(self, **span: float) -> None:
        """Some time passes, then every rhythm is kept once."""
        self.clock.forward(**span)
        recover(self.engine, self.clock(), grace=GRACE)
        self.tick()

    def due(self, registration_id: int, key: str = "C0") -> datetime:
        return self.delivery(registration_id, key).due_at

    def got(self, recipient: str) -> list[Received]:
        """What the server received for somebody."""
        return [one for one in self.server.messages if one.recipient == recipient]

    def alerts(self) -> list[alerts.Alert]:
        with transaction(self.engine) as db:
            return alerts.raised(db)

    def stream(self) -> streams.Stream:
        """The way out that emails take."""
        with transaction(self.engine) as db:
            (found,) = [one for one in streams.all_streams(db) if one.name.provider == "smtp"]
        return found

    def domains(self) -> dict[str, datetime]:
        """The mail domains that are left alone now, each until when."""
        with transaction(self.engine) as db:
            return {domain: until for _, _, domain, _, until in streams.paused_domains(db, self.clock())}

    def letter(self, raw: bytes, *, rcpt: str = "") -> None:
        """A mail comes to one of our addresses, is taken in as the door for raw mail does, and is applied."""
        reading = read_mail(raw, rcpt=rcpt)
        self.hear(raw=raw, receipts=reading.receipts, mails=reading.mails)
        self.apply()

    def token(self, registration_id: int, key: str = "C0") -> bytes:
        """Our X-Send-Id of a delivery."""
        return send_token(self.delivery(registration_id, key).id, sender()).encode()


def sample(name: str, token: bytes = TOKEN) -> bytes:
    """A sample of the corpus, about this delivery."""
    return (CORPUS / f"{name}.eml").read_bytes().replace(TOKEN, token).replace(TOKEN.upper(), token.upper())


@contextmanager
def mailing(engine, behaviour: Behaviour | None = None, *, at: datetime = NOON, **facts) -> Iterator[Mailing]:
    """A world of its own for one test, which begins at that instant."""
    world = Mailing(engine, HandClock(at))
    with SmtpServer(behaviour, store=Store(clock=world.clock)) as server:
        world.reach(server, **facts)
        try:
            yield world
        finally:
            world.hang_up()


@cache
def _words(_database: str, sign: Sign | None) -> Words:
    """Compiled once for each database: versions of templates never change."""
    return Words(sender(), Links(PUBLIC, Signer((b"s" * 32,))), sign)
