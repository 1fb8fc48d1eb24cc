"""Checks every setting against the world, and says one line for each finding.

What `campaigns doctor` does. It sends nothing to anybody and changes nothing. A line
marked `!!` is something that keeps messages from leaving; `?` is worth a look.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from campaigns import rules
from campaigns.accounts import open_database
from campaigns.clock import file_clock, system_clock
from campaigns.commands import QUEUES
from campaigns.dns_probe import examine
from campaigns.dns_probe.questions import Questions
from campaigns.dns_probe.relay import UNREACHABLE, greet
from campaigns.errors import ConfigurationError
from campaigns.operations.dispatch import queue_name
from campaigns.redis_probe import RedisUnreachable, waiting_doorbells
from campaigns.settings import Settings
from campaigns.store.engine import Engine, transaction
from campaigns.store.migrate import is_current
from campaigns.store.report_health import depths, signs_of_life
from campaigns.store.server_facts import server_facts
from campaigns.twilio_probe import TwilioUnusable, account_status

_OLDEST_POSTGRES: Final = 14
_ROOM: Final = 500 * 1024 * 1024
"""Bytes free on the disk of `data_dir` below which we warn."""
_DRIFT: Final = timedelta(seconds=2)
_SILENCE: Final = timedelta(minutes=1)
"""A rhythm that has not been kept for this long is dead."""
_LATE: Final = timedelta(minutes=5)
_MADE_UP: Final = (".example", "example.com", "example.org", "example.net")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    mark: str
    """`ok`, `?` or `!!`."""
    about: str
    words: str

    def __str__(self) -> str:
        return f"{self.mark:<3} {self.about:<12} {self.words}"


def doctor(settings: Settings, say: Callable[[str], None], resolver: str = "") -> int:
    """Say every finding; gives 1 if one of them keeps messages from leaving, else 0.

    `resolver` is asked about the sender's domain, as `HOST[:PORT]`; empty means those of this
    machine. Raises `ConfigurationError` if that is not the address of a server.
    """
    findings = list(_examine(settings, resolver))
    for finding in findings:
        say(str(finding))
    return int(any(finding.mark == "!!" for finding in findings))


def _examine(settings: Settings, resolver: str) -> Iterator[Finding]:
    yield from _disk(settings)
    yield from _secrets(settings)
    yield from _addresses(settings)
    yield from _rules(settings)
    yield from _redis(settings)
    yield from _email(settings)
    yield from _names(settings, resolver)
    yield from _texts(settings)
    try:
        engine = open_database(settings)
    except ConfigurationError as error:
        yield Finding("!!", "database", str(error))
        return
    try:
        yield from _database(engine)
        if is_current(engine):
            yield from _rhythms(engine, _clock(settings))
    finally:
        engine.dispose()


def _disk(settings: Settings) -> Iterator[Finding]:
    place = settings.data_dir.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    mark = "ok" if free > _ROOM else "?"
    yield Finding(mark, "disk", f"{free // 1024**2:,} MB free at {place}")


def _secrets(settings: Settings) -> Iterator[Finding]:
    if len(settings.secret.get_secret_value()) >= 32:  # noqa: PLR2004  # the rule that settings state
        yield Finding("ok", "secret", "links are signed")
    else:
        yield Finding("!!", "secret", "CAMPAIGNS_SECRET: needs at least 32 characters")


def _addresses(settings: Settings) -> Iterator[Finding]:
    if settings.public_url.startswith("https://"):
        yield Finding("ok", "links", f"lead to {settings.public_url}")
    else:
        yield Finding("?", "links", f"lead to {settings.public_url}: registrants need CAMPAIGNS_PUBLIC_URL=https://…")
    if _is_made_up(settings.mail_from):
        yield Finding("?", "sender", f"CAMPAIGNS_MAIL_FROM is {settings.mail_from}, which receives no mail")
    else:
        yield Finding("ok", "sender", settings.mail_from)


def _is_made_up(address: str) -> bool:
    return address.rpartition("@")[2].lower().endswith(_MADE_UP)


def _rules(settings: Settings) -> Iterator[Finding]:
    if settings.clock_file:
        yield Finding("?", "clock", f"read from {settings.clock_file}: for rehearsals only")
    for path in rules.RULE_FILES:
        reviewed = rules.reviewed_on(path)
        age = (system_clock().date() - reviewed).days
        mark = "ok" if age <= rules.STALE_AFTER_DAYS else "?"
        yield Finding(mark, "rules", f"{path.name} was reviewed on {reviewed}, {age} days ago")


def _redis(settings: Settings) -> Iterator[Finding]:
    if not settings.redis_url:
        yield Finding("!!", "redis", "No Redis: set REDIS_URL, or start `campaigns up` and run this beside it.")
        return
    try:
        waiting = waiting_doorbells(settings.redis_url, [settings.broker_prefix + queue for queue in QUEUES])
    except RedisUnreachable as error:
        yield Finding("!!", "redis", f"REDIS_URL: {error}. Messages stay in the ledger until it answers.")
    else:
        yield Finding("ok", "redis", f"answers; {waiting} batches wait to be taken")


def _email(settings: Settings) -> Iterator[Finding]:
    if settings.email_by == "folder":
        yield Finding("?", "email", f"is captured in {settings.outbox}, not sent; set CAMPAIGNS_SMTP_HOST to send it")
        return
    where = f"{settings.smtp_host}:{settings.smtp_port}"
    try:
        greet(settings)
    except UNREACHABLE as error:
        yield Finding("!!", "email", f"{where} cannot be used: {error}")
    else:
        yield Finding("ok", "email", f"{where} lets us in")


def _names(settings: Settings, resolver: str) -> Iterator[Finding]:
    if not resolver and (settings.email_by == "folder" or _is_made_up(settings.mail_from)):
        return  # nobody receives anything from this sender yet
    for seen in examine(settings, Questions(resolver), system_clock()):
        yield Finding(seen.mark, seen.about, seen.words)


def _texts(settings: Settings) -> Iterator[Finding]:
    if settings.sms_by == "folder":
        yield Finding("?", "texts", f"are captured in {settings.outbox}, not sent; set TWILIO_ACCOUNT_SID to send them")
        return
    try:
        status = account_status(settings)
    except TwilioUnusable as error:
        yield Finding("!!", "texts", str(error))
    else:
        yield Finding("ok" if status == "active" else "!!", "texts", f"the Twilio account is {status}")


def _database(engine: Engine) -> Iterator[Finding]:
    before = system_clock()
    with transaction(engine) as db:
        facts = server_facts(db)
    after = system_clock()
    mark = "ok" if facts.version >= _OLDEST_POSTGRES else "!!"
    used = f"{facts.connections} of {facts.connection_limit} connections in use"
    yield Finding(mark, "database", f"PostgreSQL {facts.version}; {used}")
    if not before - _DRIFT <= facts.now <= after + _DRIFT:
        yield Finding("!!", "time", f"this machine and the database disagree by {abs(facts.now - after)}")
    if is_current(engine):
        yield Finding("ok", "schema", "is the newest")
    else:
        yield Finding("!!", "schema", "is not the newest: run `campaigns migrate`")


def _rhythms(engine: Engine, now: datetime | None) -> Iterator[Finding]:
    if now is None:
        return
    with transaction(engine) as db:
        signs, queues = signs_of_life(db), depths(db, now)
    for name in ("plan", "dispatch", "recover"):
        alive = [sign for sign in signs if sign.name == name and now - sign.last_at < _SILENCE]
        if alive:
            yield Finding("ok", name, f"kept by {len(alive)} scheduler{'s' if len(alive) > 1 else ''}")
        else:
            yield Finding("!!", name, f"nobody has kept this rhythm for {_SILENCE}: start `campaigns scheduler`")
    for queue in queues:
        about = queue_name(queue.channel, queue.priority)
        if queue.oldest_due_at and now - queue.oldest_due_at > _LATE:
            since = f"{queue.oldest_due_at:%Y-%m-%d %H:%M} UTC"
            yield Finding("!!", about, f"{queue.due} messages are due, the oldest since {since}: are workers running?")
        else:
            yield Finding("ok", about, f"{queue.due} due, {queue.queued} queued, {queue.sending} under way")


def _clock(settings: Settings) -> datetime | None:
    if not settings.clock_file:
        return system_clock()
    with suppress(OSError):
        return file_clock(settings.clock_file)()
    return None
