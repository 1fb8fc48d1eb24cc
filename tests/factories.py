"""A world in a real database: the starter campaign, sessions and registrations as a test needs them, no surprises inside."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from functools import cache, partial
from itertools import count
from pathlib import Path

from sqlalchemy import text

from campaigns.domain.lifecycle import Status
from campaigns.domain.messages import Email
from campaigns.domain.quiet import SendingHours
from campaigns.domain.receipts import InboundText, Kind, Reading, Receipt
from campaigns.domain.steps import Channel, Purpose, Step
from campaigns.domain.tokens import CALLBACK, Links, Signer
from campaigns.operations import dispatch as dispatching
from campaigns.operations import starter
from campaigns.operations.claims import load_register
from campaigns.operations.dispatch import Pace
from campaigns.operations.hear import apply_inbound
from campaigns.operations.last_look import Rules
from campaigns.operations.plan import plan_sessions
from campaigns.operations.publish import publish_sources
from campaigns.operations.receive import Ears, TakenIn, apply_receipts, take_in
from campaigns.operations.recover import recover
from campaigns.operations.register import Request, register
from campaigns.operations.send import Desk, send_batch
from campaigns.operations.words import Words
from campaigns.providers.base import name_of
from campaigns.rendering.environment import Source
from campaigns.rendering.front_matter import read_front_matter
from campaigns.rendering.identity import send_token
from campaigns.rendering.variables import Sender
from campaigns.rules import read_sending_hours
from campaigns.rules.caps import read_caps
from campaigns.rules.inbound import read_inbound_words
from campaigns.rules.replies import read_smtp_replies, read_twilio_codes
from campaigns.store import webinars
from campaigns.store.approvals import Approval, approve
from campaigns.store.campaigns import add_step, campaign_of, steps_of
from campaigns.store.consents import current_wordings
from campaigns.store.engine import Connection, Engine, transaction
from campaigns.store.people import Place, place
from campaigns.store.sealing import Seal
from campaigns.store.staff import Member, add_member, find_account
from campaigns.store.versions import current_versions, publish_template, template_content
from tests.fakes import HandClock, ScriptedProvider

NOON = datetime(2027, 3, 1, 17, 0, tzinfo=UTC)
"""Monday, March 1, 2027, 12:00 at the clinic, which is in New York."""
HORIZON = timedelta(hours=6)
HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
TEMPLATES = Path(__file__).parent.parent / "templates"
CLINIC = starter.Clinic("Example Clinic", "Runners' Class", "America/New_York")
PUBLIC = "https://class.example.org"
SERVICE_TEXTS = (Channel.SMS, Purpose.SERVICE)
LESSONS = (Channel.EMAIL, Purpose.EDUCATION)
OFFERS = (Channel.EMAIL, Purpose.MARKETING)
NUMBER = "+12075550123"
GRACE = timedelta(seconds=30)

_MADE_UP = (
    "SELECT id FROM template_version WHERE written_by IS NOT NULL OR content_hash LIKE '% hash'"
    " OR content #>> '{files,message.toml}' LIKE '%# made up by a test%'"
)
_EMPTY = (
    "ALTER TABLE consent DISABLE TRIGGER USER",
    "TRUNCATE webinar, registrant, batch, rhythm, suppression, consent_wording RESTART IDENTITY CASCADE",
    "TRUNCATE audit, login, message_draft RESTART IDENTITY CASCADE",
    "TRUNCATE stream, alert, arrival, address_hold, strike, sign_up_count, erased_address RESTART IDENTITY CASCADE",
    "ALTER TABLE consent ENABLE TRIGGER USER",
    # The messages stay as the program brings them; what tests made of them goes.
    "ALTER TABLE template_version DISABLE TRIGGER USER",
    f"DELETE FROM approval WHERE NOT demo OR staff_id IS NOT NULL OR template_version_id IN ({_MADE_UP})",
    "UPDATE approval SET withdrawn_at = NULL, withdrawn_by = NULL, withdrawn_why = '' WHERE withdrawn_at IS NOT NULL",
    f"DELETE FROM version_claim WHERE template_version_id IN ({_MADE_UP})",
    f"DELETE FROM template_version WHERE id IN ({_MADE_UP})",
    "ALTER TABLE template_version ENABLE TRIGGER USER",
    "DELETE FROM staff",
)
_RULED = "UPDATE claim SET ruled_at = NULL, ruled_by = NULL, reviewer = '', why = '' WHERE ruled_at IS NOT NULL"


@cache
def hours() -> SendingHours:
    """The hours the service ships with."""
    return read_sending_hours()


@cache
def ears(*, twilio_answers: bool = True) -> Ears:
    """What takes in and applies what comes back, with the keys of the tests."""
    return Ears(
        seal=Seal((b"s" * 32,)),
        signer=Signer((b"s" * 32,)),
        sender=sender(),
        words=read_inbound_words(),
        smtp_replies=read_smtp_replies(),
        twilio_codes=read_twilio_codes(),
        twilio_answers=twilio_answers,
    )


@cache
def rules() -> Rules:
    """All rules the service ships with."""
    return Rules(hours(), read_caps())


def sender() -> Sender:
    """The clinic's facts."""
    return Sender(
        clinic_name=CLINIC.name,
        program_name=CLINIC.program,
        clinic_address="120 Quay Street, Portland, ME 04101",
        clinic_phone="(207) 555-0100",
        clinic_zone=CLINIC.zone,
        mail_from="class@clinic.example",
        reply_to="class@clinic.example",
        return_path_domain="bounce.clinic.example",
        public_url=PUBLIC,
        id_key=b"k" * 32,
    )


@dataclass
class World:
    """The starter webinar in the database of `engine`; every act commits. Its clock is moved by hand.

    Whatever else was in the database is gone, but for the templates: compiling them takes longest.
    """

    engine: Engine
    clock: HandClock = field(default_factory=lambda: HandClock(NOON))
    webinar_id: int = 0
    bells: list[tuple[str, int]] = field(default_factory=list)
    """Doorbells rung: (queue, batch)."""
    email: ScriptedProvider = field(default_factory=lambda: ScriptedProvider(Channel.EMAIL))
    sms: ScriptedProvider = field(default_factory=lambda: ScriptedProvider(Channel.SMS))
    _numbers: count = field(default_factory=lambda: count(1))
    _phones: count = field(default_factory=count)
    _events: count = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        with transaction(self.engine) as db:
            if db.execute(text(_RULED)).rowcount:
                load_register(db, TEMPLATES / "claims.toml", self.clock())
            for statement in _EMPTY:
                db.execute(text(statement))
            if not current_versions(db):
                publish_sources(db, TEMPLATES / "messages", self.clock())
            data = tomllib.loads((TEMPLATES / "webinars" / "si-joint-runners.toml").read_text(encoding="utf-8"))
            self.webinar_id = starter._load_one(db, data, CLINIC, self.clock())
            self.wordings = {(one.channel, one.purpose): one.id for one in current_wordings(db)}

    # What there is

    def session(self, ahead: timedelta = 10 * DAY, *, lasts: timedelta = 30 * MINUTE, **facts) -> int:
        """A session that starts `ahead` from now."""
        starts_at = self.clock() + ahead
        with transaction(self.engine) as db:
            return webinars.add_session(db, self.webinar_id, starts_at, starts_at + lasts, self.clock(), **facts)

    def request(self, session_id: int, *kinds: tuple[Channel, Purpose], **facts) -> Request:
        """A form as it comes: a new person in New York, with these boxes ticked."""
        number = next(self._numbers)
        asked = {
            "first_name": "Sam",
            "email": f"sam{number}@example.com",
            "zone": "America/New_York",
            "phone": self._phone() if SERVICE_TEXTS in kinds else None,
            **facts,
        }
        return Request(session_id=session_id, consents={kind: self.wordings[kind] for kind in kinds}, **asked)

    def _phone(self) -> str:
        """The first who wants texts has `NUMBER`, everybody else a number of their own."""
        number = next(self._phones)
        return f"+1207556{number:04}" if number else NUMBER

    def registration(self, session_id: int, *kinds: tuple[Channel, Purpose], **facts) -> int:
        """Somebody registers now; gives the registration."""
        with transaction(self.engine) as db:
            asked = self.request(session_id, *kinds, **facts)
            return register(db, asked, hours(), self.clock(), horizon=HORIZON).registration_id

    def import_quietly(self, session_id: int, **facts) -> int:
        """A registration that came without intake, as a loader writes it: nothing is planned."""
        asked = {
            "zone": "America/New_York",
            "source": "import",
            "confirm": True,
            "registered_at": self.clock(),
            **facts,
        }
        with transaction(self.engine) as db:
            return db.execute(
                text(
                    "WITH person AS (INSERT INTO registrant (email, first_name, zone, created_at)"
                    " VALUES (:email, 'Ada', :zone, :registered_at) RETURNING id)"
                    " INSERT INTO registration (session_id, registrant_id, zone, source, confirm, registered_at)"
                    " SELECT :session, id, :zone, :source, :confirm, :registered_at FROM person RETURNING id"
                ),
                {**asked, "session": session_id, "email": f"ada{next(self._numbers)}@example.com"},
            ).scalar_one()

    def step(self, key: str, **rule) -> Step:
        """One more step in the campaign, in the words of a campaign file; the rest as B4 has it."""
        usual = {
            "name": key,
            "at": "starts - 60 min",
            "channel": "email",
            "template": "hour-before",
            "expires": "starts",
        }
        with transaction(self.engine) as db:
            add_step(db, campaign_of(db, self.webinar_id), starter.read_step(key, {**usual, **rule}))
            return next(one for one in steps_of(db, self.webinar_id) if one.key == key)

    def member(self, role: str, name: str) -> Member:
        """Somebody who works here."""
        email, now = f"{role}@clinic.example", self.clock()
        with transaction(self.engine) as db:
            add_member(db, email=email, name=name, role=role, password_hash="none", now=now)
            return find_account(db, email).member

    def reworded(self, name: str, old: str = "", new: str = "", *, doctor: bool = True) -> int:
        """Another version of a message, with `new` in place of `old` in its bodies; a doctor has approved it."""
        with transaction(self.engine) as db:
            source = Source.from_json(template_content(db, current_versions(db)[name]))
            files = {
                file: words.replace(old, new) if old and file.startswith(("body", "sms")) else words
                for file, words in source.files.items()
            }
            assert not old or files != dict(source.files), f"{old!r} is not in {name}"
            files["message.toml"] += f"# made up by a test, number {next(self._numbers)}\n"
            made = Source(name, files, source.sources)
            claims = read_front_matter(name, files["message.toml"]).claims
            version = publish_template(db, name, made.content_hash, made.to_json(), self.clock(), claims=claims)
            if doctor:
                approve(db, version, Approval("Dr. Test", "ME 1", self.clock() + 300 * DAY), self.clock())
            return version

    def without_steps(self, *keys: str) -> None:
        """Take steps out of the campaign; none named: all of them."""
        self.sql("DELETE FROM step WHERE key = ANY(:keys) OR :all", keys=list(keys), all=not keys)

    def steps(self) -> dict[str, Step]:
        """The campaign's steps by key."""
        with transaction(self.engine) as db:
            return {one.key: one for one in steps_of(db, self.webinar_id)}

    # What happens

    def plan(self, now: datetime | None = None) -> int:
        """The planner's tick."""
        return plan_sessions(self.engine, hours(), now or self.clock(), horizon=HORIZON)

    def dispatch(self, *, size: int = 100, limit: int = 600) -> int:
        """The dispatcher's tick; what it rings is kept in `bells`."""
        ring = lambda queue, batch: self.bells.append((queue, batch))  # noqa: E731  # as short as that
        names = [name_of(self.email), name_of(self.sms)]
        return dispatching.dispatch(self.engine, ring, self.clock(), Pace(size, limit), names)

    def pause(self, seconds: float) -> None:
        """Let time pass for whoever waits."""
        self.clock.forward(seconds=seconds)

    def desk(self, *, lanes: int = 1, stopping=lambda: False) -> Desk:
        """A worker's desk over the scripted providers."""
        return Desk(
            engine=self.engine,
            clock=self.clock,
            rules=rules(),
            words=Words(sender(), Links(PUBLIC, Signer((b"s" * 32,)))),
            providers={Channel.EMAIL: self.email, Channel.SMS: self.sms},
            connections={Channel.EMAIL: lanes, Channel.SMS: lanes},
            stopping=stopping,
            pause=self.pause,
        )

    def answer_bells(self, **desk) -> int:
        """A worker answers every doorbell that was rung; gives the hand-offs made."""
        at = self.desk(**desk)
        try:
            return sum(send_batch(at, batch) for _, batch in self.bells)
        finally:
            self.bells.clear()
            at.close()

    def subjects(self) -> list[str]:
        """The subjects of the emails in the order of their hand-offs."""
        read = partial(message_from_bytes, policy=policy.default)
        return [str(read(one.raw)["Subject"]) for one in self.email.seen if isinstance(one, Email)]

    def work(self, **desk) -> int:
        """Dispatch what is due and carry it."""
        self.dispatch()
        return self.answer_bells(**desk)

    def tick(self, **desk) -> int:
        """Plan, dispatch, carry."""
        self.plan()
        return self.work(**desk)

    def live(self, until: datetime, step: timedelta = 10 * MINUTE) -> None:
        """Let time pass up to `until`, with every rhythm kept."""
        while self.clock() < until:
            self.clock.now = min(until, self.clock() + step)
            self.tick()
            recover(self.engine, self.clock(), grace=GRACE)

    # What comes back

    def hear(self, *, raw: bytes = b"raw", twilio_answers: bool = True, **what) -> TakenIn:
        """Take in a reading, as the web does: `receipts=[…]`, `texts=[…]`, `mails=[…]`."""
        reading = Reading(**{name: tuple(values) for name, values in what.items()})
        with transaction(self.engine) as db:
            return take_in(db, ears(twilio_answers=twilio_answers), "tests", raw, reading, self.clock())

    def apply(self) -> int:
        """Apply what was taken in, as the scheduler does."""
        at = ears()
        return apply_receipts(self.engine, at, self.clock()) + apply_inbound(
            self.engine, at.seal, at.words, self.clock()
        )

    def text(self, body: str, *, sender: str = NUMBER, twilio_answers: bool = True, **facts) -> TakenIn:
        """Somebody texts us, and it is applied."""
        one = InboundText(
            provider="twilio",
            event_id=f"SM{next(self._events)}",
            sender=sender,
            recipient="+12075550199",
            body=body,
            **facts,
        )
        taken = self.hear(texts=[one], twilio_answers=twilio_answers)
        self.apply()
        return taken

    def status(self, registration_id: int, key: str, kind: Kind, *, attempt: int = 1, **facts) -> Receipt:
        """What Twilio says about one attempt of a text."""
        delivery_id = self.delivery(registration_id, key).id
        return Receipt(
            provider="twilio",
            event_id=f"E{next(self._events)}",
            kind=kind,
            channel=Channel.SMS,
            callback_token=Signer((b"s" * 32,)).sign(CALLBACK, delivery_id, attempt),
            **facts,
        )

    def report(self, registration_id: int, key: str, kind: Kind, **facts) -> Receipt:
        """What a relay says about an email."""
        delivery_id = self.delivery(registration_id, key).id
        return Receipt(
            provider="ses",
            event_id=f"E{next(self._events)}",
            kind=kind,
            channel=Channel.EMAIL,
            send_token=send_token(delivery_id, sender()),
            **facts,
        )

    def suppressions(self) -> set[tuple[str, str, str | None, str]]:
        """(channel, address, purpose, reason) of every live suppression."""
        rows = self.sql("SELECT channel, address, purpose, reason FROM suppression WHERE lifted_at IS NULL")
        return {tuple(row) for row in rows}

    # What the ledger says

    def sql(self, statement: str, **values):
        """Run a statement and give its rows, or their number."""
        with transaction(self.engine) as db:
            result = db.execute(text(statement), values)
            return result.all() if result.returns_rows else result.rowcount

    def one(self, statement: str, **values):
        """The single value a statement gives."""
        return self.sql(statement, **values)[0][0]

    def ledger(self, registration_id: int) -> list[tuple[str, str]]:
        """(step, state) of a registration, with the reason of what was skipped, by due time."""
        rows = self.sql(
            "SELECT t.key, d.status, d.reason FROM delivery d JOIN step t ON t.id = d.step_id"
            " WHERE registration_id = :r ORDER BY due_at, t.key",
            r=registration_id,
        )
        return [(key, _state(status, reason)) for key, status, reason in rows]

    def delivery(self, registration_id: int, key: str):
        """The newest row of one step."""
        return self.sql(
            "SELECT d.* FROM delivery d JOIN step t ON t.id = d.step_id"
            " WHERE registration_id = :r AND t.key = :key ORDER BY d.revision DESC, d.id DESC",
            r=registration_id,
            key=key,
        )[0]

    def attempts(self, registration_id: int) -> list[tuple[str, int, str]]:
        """(step, attempt, outcome) of what did not simply succeed."""
        rows = self.sql(
            "SELECT t.key, a.number, a.outcome FROM attempt a JOIN delivery d ON d.id = a.delivery_id"
            " JOIN step t ON t.id = d.step_id WHERE d.registration_id = :r ORDER BY a.id",
            r=registration_id,
        )
        return [tuple(row) for row in rows]

    def place(self, registration_id: int) -> Place:
        """The registration with everything around it."""
        with transaction(self.engine) as db:
            found = place(db, registration_id)
        assert found is not None
        return found


def _state(status: int, reason: str | None) -> str:
    name = Status(status).name.lower()
    return f"{name}: {reason}" if name == "skipped" else name


def changed(step: Step, **facts) -> Step:
    """The step with other facts."""
    return replace(step, **facts)


def db_of(engine: Engine):
    """A transaction on the world's database."""
    return transaction(engine)


__all__ = ["CLINIC", "HORIZON", "NOON", "Connection", "World", "changed", "db_of", "hours", "rules", "sender"]
