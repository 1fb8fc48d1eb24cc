"""A world whose texts go over real HTTP to the stand-in for Twilio, which notes when each request reached it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from campaigns.domain.steps import Channel, Purpose
from campaigns.operations.reconcile import reconcile
from campaigns.operations.recover import recover
from campaigns.providers.base import name_of
from campaigns.providers.twilio import Twilio
from campaigns.rules.replies import read_twilio_codes
from campaigns.store.engine import transaction
from campaigns.store.streams import read_streams, set_rate
from tests.factories import DAY, GRACE, PUBLIC, World
from tests.servers.twilio_server import ACCOUNT, TOKEN, Behaviour, Request, Store, TwilioServer

PATIENT = timedelta(seconds=20)
"""Where the fake answers: as long as the machine needs."""
BRIEF = timedelta(seconds=0.4)
"""Where the fake stays silent."""


@dataclass(frozen=True)
class Posted:
    """One request to create a message, whatever came of it."""

    at: datetime
    """By the world's clock."""
    to: str
    body: str


class Fake(TwilioServer):
    """The stand-in, with a note of every POST; a GET is none."""

    def __init__(self, clock: Callable[[], datetime], **behaviour) -> None:
        super().__init__(Behaviour(**behaviour), store=Store(clock=clock))
        self.clock = clock
        self.posts: list[Posted] = []

    def answer(self, request: Request):
        if request.method == "POST":
            sent = dict(parse_qsl(request.body.decode()))
            self.posts.append(Posted(self.clock(), sent["To"], sent["Body"]))
        return super().answer(request)


@dataclass
class Wire(World):
    """The world with the fake at the end of its wire."""

    fake: Fake = field(init=False)

    def reach(self, fake: Fake, timeout: timedelta) -> None:
        """Send texts there from now on, as a clinic with approved words does."""
        self.fake, self.sms = fake, twilio(fake, timeout=timeout)
        approve(self)

    def restart(self, after: timedelta) -> None:
        """Some time later new processes look at everything: a dispatcher, a worker, a recovery, a look at Twilio."""
        self.clock.now += after
        recover(self.engine, self.clock(), grace=GRACE)
        self.tick()
        reconcile(self.engine, self.sms, self.clock())

    def rate(self, per_second: float | None) -> None:
        """How many segments a second the texts may take."""
        with transaction(self.engine) as db:
            stream = read_streams(db, [name_of(self.sms)], self.clock())[Channel.SMS]
            set_rate(db, stream.id, per_second)

    def agree(self, registration_id: int, purpose: Purpose, number: str) -> None:
        """The person agrees to texts of a kind, on paper: no box of the web form asks for every kind."""
        self.sql(
            "WITH who AS (UPDATE registrant SET phone = :number"
            " WHERE id = (SELECT registrant_id FROM registration WHERE id = :r) RETURNING id),"
            " c AS (INSERT INTO consent (registrant_id, channel, purpose, granted, address, means, at)"
            " SELECT id, 'sms', :purpose, true, :number, 'import', :now FROM who RETURNING id, registrant_id)"
            " INSERT INTO permission (registrant_id, channel, purpose, granted, consent_id)"
            " SELECT registrant_id, 'sms', :purpose, true, id FROM c",
            r=registration_id,
            number=number,
            purpose=purpose.value,
            now=self.clock(),
        )

    def texts(self, registration_id: int) -> dict[str, str]:
        """(step, state) of the texts alone."""
        texts = {one.key for one in self.steps().values() if one.channel is Channel.SMS}
        return {key: state for key, state in self.ledger(registration_id) if key in texts}


def approve(world: World) -> None:
    """A clinician's yes to every version of every template."""
    world.sql(
        "INSERT INTO approval (template_version_id, name, licence, approved_at, expires_at)"
        " SELECT id, 'Dr. Test', 'ME 1', :now, :later FROM template_version",
        now=world.clock(),
        later=world.clock() + 300 * DAY,
    )


@contextmanager
def wired(engine, *, timeout: timedelta = PATIENT, **behaviour) -> Iterator[Wire]:
    """A wire of its own for one test."""
    wire = Wire(engine)
    with Fake(wire.clock, **behaviour) as fake:
        wire.reach(fake, timeout)
        yield wire


def twilio(fake: TwilioServer, **facts) -> Twilio:
    """The real provider, as the runtime builds it."""
    usual = {
        "table": read_twilio_codes(),
        "account_sid": ACCOUNT,
        "auth_token": TOKEN,
        "messaging_service_sid": "MG0",
        "base_url": fake.url,
        "timeout": PATIENT,
        "callback_url": lambda text: f"{PUBLIC}/hooks/twilio/status/{text.callback_token}",
    }
    return Twilio(**{**usual, **facts})
