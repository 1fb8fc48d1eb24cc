"""One storm: everything at once, by lot, from one seed; and many storms in a row by a command of its own.

`python -m tests.crash.storm --seeds 10` prints a line for each seed and ends at the first that
fails, with its number. Real processes send thousands of emails and texts while each kind of them is
killed, PostgreSQL and Valkey included, and while the servers outside defer, refuse, hang and break
off; people register through the web, stop, withdraw, and some sessions begin too soon.
"""

from __future__ import annotations

import argparse
import io
import os
import secrets
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context
from random import Random

from campaigns import commands
from tests.crash.blows import Blow, moment, strike
from tests.crash.evidence import Wanted
from tests.crash.people import AHEAD, ZONES, Crowd, Person, number_of, register
from tests.crash.postgres import OwnPostgres, own_postgres
from tests.crash.program import Tail
from tests.crash.proof import Tally, prove
from tests.crash.service import EMAIL_LANES, SMS_LANES, House, Outside, house
from tests.crash.silence import Silenced
from tests.crash.visitors import CONFIRMATION, Visitors
from tests.crash.weather import Weather, storm

EMAIL_WORKERS = ("email-1", "email-2")
SMS_WORKERS = ("sms-1", "sms-2")
SCHEDULERS = ("scheduler-1", "scheduler-2")
_PATIENCE = 3.0
_GRACE = 2.0
"""Real seconds after which a batch that nobody came for goes back."""
_QUIET = 1.5
"""Seconds without a call after which Twilio has said what it had to say."""
_GONE, _OPTED_OUT, _SHARED, _TOO_SOON = 0.01, 0.01, 0.04, 0.12
"""Shares of people: without a mailbox, refused by Twilio, with somebody else's number, of a session that begins."""
_AHEAD_BY_EMAIL = timedelta(minutes=19)
"""An email is due sooner before the start than a text, and has that much more time."""
_LATER_WEBINAR = timedelta(days=9)


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much, how fast, how long."""

    messages: int
    texted: float = 0.15
    """Share of texts."""
    rate: float
    """How many times as fast as life the clock runs: what is put off for half a minute must not take as long."""
    smtp_ms: int
    twilio_ms: int
    by_email: float = 1.0
    by_text: float = 1.0
    """Strength of the servers' faults."""
    too_soon: tuple[float, float]
    """Between how many real seconds the messages of the sessions that begin too soon become useless."""
    visitors_pause: float
    email_workers: tuple[str, ...] = EMAIL_WORKERS
    sms_workers: tuple[str, ...] = SMS_WORKERS
    victims: tuple[tuple[str, ...], ...]
    """Who is killed; of each group one, by lot."""


FULL = Size(
    messages=10_000,
    rate=3.0,
    smtp_ms=45,
    twilio_ms=100,
    too_soon=(4, 20),
    visitors_pause=1.5,
    victims=(
        *((name,) for name in (*EMAIL_WORKERS, *SMS_WORKERS, *SCHEDULERS)),
        *[("web",)] * 2,
        *[("postgres",)] * 2,
        *[("valkey",)] * 2,
        EMAIL_WORKERS,
        (*EMAIL_WORKERS, *SMS_WORKERS, *SCHEDULERS, "web", "postgres", "valkey"),
    ),
)
SHORT = Size(
    messages=600,
    rate=12.0,
    by_email=0.7,
    by_text=4.0,
    smtp_ms=60,
    twilio_ms=100,
    too_soon=(1, 4),
    visitors_pause=0.5,
    sms_workers=SMS_WORKERS[:1],
    victims=(("postgres",), EMAIL_WORKERS, (SMS_WORKERS[0], *SCHEDULERS, "web"), ("valkey",)),
)


@dataclass(frozen=True)
class Outcome:
    """One storm that was weathered."""

    tally: Tally
    kills: int
    seconds: float


def weather(number: int, size: Size) -> Outcome:
    """Run the storm of one seed and prove that nothing went wrong; raises `AssertionError` if something did."""
    began = time.monotonic()
    chance = Random(number)
    with own_postgres() as server:
        opted_out = frozenset(_opted_out(chance, size))
        faults = storm(chance, opted_out, by_email=size.by_email, by_text=size.by_text)
        outside = Outside(
            smtp=faults.smtp,
            twilio=faults.twilio,
            callbacks=faults.callbacks,
            smtp_ms=size.smtp_ms,
            twilio_ms=size.twilio_ms,
            seed=number,
            patience=_PATIENCE,
        )
        looks = ",".join(str(round(seconds * size.rate)) for seconds in (2, 2, 3))
        grace = str(_GRACE * size.rate)
        with house(
            server.url, outside, rate=size.rate, CAMPAIGNS_SMS_LOOKS=looks, CAMPAIGNS_DOORBELL_GRACE=grace
        ) as it:
            tally, kills = _Storm(it, server, size, faults, chance).run()
    return Outcome(tally, kills, time.monotonic() - began)


def _opted_out(chance: Random, size: Size) -> Iterator[str]:
    return (number_of(i) for i in range(1, size.messages + 1) if chance.random() < _OPTED_OUT)


class _Storm:
    def __init__(self, it: House, server: OwnPostgres, size: Size, faults: Weather, chance: Random) -> None:
        self._house, self._server, self._size, self._faults, self._chance = it, server, size, faults, chance
        self._silenced = Silenced(it, chance)
        self._visitors = Visitors(it, it.session(_LATER_WEBINAR))

    def run(self) -> tuple[Tally, int]:
        """Give the figures, and how many processes were killed."""
        it, size = self._house, self._size
        self._wake_up()
        crowd = self._gather()
        register(it, crowd.people)
        with self._visited():
            blows = self._blows(crowd)
            strike(it, blows, self._chance)
        self._wait_for_the_end(size.messages)
        tally = self._prove(crowd)
        killed = [blow.name for blow in blows if blow.name in it.programs or blow.name in ("postgres", "valkey")]
        self._judge(crowd, tally, killed)
        return tally, len(killed)

    def _wake_up(self) -> None:
        """Start every process; the first people to come see them all work."""
        it = self._house
        it.run("web", commands.web())
        for name in self._size.email_workers:
            it.run_email_worker(name)
        for name in self._size.sms_workers:
            it.run_sms_worker(name)
        for name in SCHEDULERS:
            it.run_scheduler(name)
        it.await_web()
        self._visitors.register(2)
        it.wait(lambda: it.mails.count() >= 1, "the first email")

    def _gather(self) -> Crowd:
        """Most have time; of some the session begins while they wait, and of some it has begun already."""
        it, chance, size = self._house, self._chance, self._size

        def soon() -> timedelta:
            return timedelta(seconds=size.rate * chance.uniform(*size.too_soon))

        main, roomy = it.session(AHEAD), it.session(_AHEAD_BY_EMAIL)
        starting = [it.session(soon()) for _ in range(2)]
        started = [it.session(soon() - timedelta(minutes=3)) for _ in range(2)]  # a text is of use for so long
        people: list[Person] = []
        phones: list[str] = []
        for i in range(1, size.messages + 1):
            phone = None
            if chance.random() < size.texted:
                phone = chance.choice(phones) if phones and chance.random() < _SHARED else number_of(i)
                phones.append(phone)
            early, usual = (started, main) if phone else (starting, roomy)
            session = chance.choice(early) if chance.random() < _TOO_SOON else usual
            address = self._faults.address(f"p{i}", gone=chance.random() < _GONE)
            people.append(Person(address, phone, chance.choice(ZONES), session))
        return Crowd(people)

    @contextmanager
    def _visited(self) -> Iterator[None]:
        """Let people register through the web all the while."""
        over = threading.Event()
        pause = self._size.visitors_pause
        with ThreadPoolExecutor(1) as coming:
            came = coming.submit(self._visitors.register_until, over.is_set, pause=pause)
            try:
                yield
            finally:
                over.set()
            came.result()

    def _blows(self, crowd: Crowd) -> list[Blow]:
        it, chance = self._house, self._chance
        mails, texts = len(crowd.emails) * 8 // 10, len(crowd.texts) * 8 // 10  # some begin too soon
        acts = {name: program.kill for name, program in it.programs.items()}
        acts |= {"postgres": self._server.kill, "valkey": it.lose_broker}
        blows = []
        for group in self._size.victims:
            name = chance.choice(group)
            of_texts = name in SMS_WORKERS
            arrived, whole = (it.texts, texts) if of_texts else (it.mails, mails)
            blows.append(Blow(name, arrived, moment(chance, whole), acts[name]))
        blows += [Blow("people stop", it.mails, mails * part // 100, self._silenced.fall_silent) for part in (10, 40)]
        return blows

    def _wait_for_the_end(self, messages: int) -> None:
        """Wait until everybody is planned for, everything settled, and Twilio has nothing more to say about it."""
        it = self._house
        it.await_web()
        it.wait(lambda: it.one("SELECT count(*) FROM delivery") > messages, "everybody to be planned for")
        calls = Tail(it.folder / "twilio" / "reported.jsonl")
        said = -1
        while said != (said := calls.count()):
            it.wait_until_settled()
            time.sleep(_QUIET)

    def _prove(self, crowd: Crowd) -> Tally:
        silenced, visitors = self._silenced, self._visitors
        welcomed, unsure = (
            {(email, CONFIRMATION) for email in who} for who in (visitors.acknowledged, visitors.refused)
        )
        due: set[Wanted] = set(crowd.all) | welcomed
        tally = prove(
            self._house,
            expected=(due - silenced.never - silenced.perhaps) | silenced.receipts,
            tolerated=silenced.perhaps | unsure,
            weather=self._faults,
        )
        silenced.had_nothing_begun_after()
        return tally

    def _judge(self, crowd: Crowd, tally: Tally, killed: list[str]) -> None:
        """Hold the figures against what may be: so many doubles, and a storm in which most arrived."""
        cut = self._cut_off(killed, EMAIL_LANES, self._size.email_workers)
        assert tally.doubled_by_death <= cut, f"{tally.doubled_by_death} doubled, and {cut} hand-offs were cut off"
        cut += self._cut_off(killed, SMS_LANES, self._size.sms_workers)
        assert tally.forgotten <= cut, f"{tally.forgotten} not suppressed, and {cut} hand-offs were cut off"
        assert tally.lost == tally.doubled_texts == tally.texts_in_doubt == 0
        assert tally.emails > len(crowd.emails) * 0.6, "too few emails arrived to prove anything"
        assert tally.texts > len(crowd.texts) * 0.6, "too few texts arrived to prove anything"
        assert self._visitors.acknowledged

    @staticmethod
    def _cut_off(killed: list[str], lanes: int, workers: tuple[str, ...]) -> int:
        """Count the lanes that a kill may have caught in the middle: a worker's own, or with PostgreSQL everybody's."""
        return lanes * (killed.count("postgres") * len(workers) + sum(name in workers for name in killed))


def main() -> int:
    """Run storms in a row; the exit code says whether all were weathered."""
    parser = argparse.ArgumentParser(description="Storms in a row, each from its own seed.")
    parser.add_argument("--seeds", type=int, default=10, help="how many")
    parser.add_argument("--jobs", type=int, default=1, help="how many at the same time")
    parser.add_argument("--messages", type=int, default=FULL.messages)
    parser.add_argument("--seed", type=int, help="the first; the others follow it")
    asked = parser.parse_args()
    first = asked.seed if asked.seed is not None else int(os.environ.get("CRASH_SEED", secrets.randbelow(1_000_000)))
    size = scaled(asked.messages)
    numbers = range(first, first + asked.seeds)
    if asked.jobs == 1:
        return 0 if all(_weathered(number, size) for number in numbers) else 1
    with ProcessPoolExecutor(asked.jobs, mp_context=get_context("spawn")) as at_once:
        running = [at_once.submit(_weathered, number, size) for number in numbers]
        for done in as_completed(running):
            if not done.result():
                at_once.shutdown(cancel_futures=True)
                return 1
    return 0


def _weathered(number: int, size: Size) -> bool:
    """Print the line of one seed; if it failed, also how."""
    began = time.monotonic()
    said = io.StringIO()
    try:
        with redirect_stdout(said):
            done = weather(number, size)
    except Exception:  # noqa: BLE001  # whatever it was, the seed has to be told
        again = f"again with --seed {number} --seeds 1 --messages {size.messages}"
        _print(
            f"{said.getvalue()}{traceback.format_exc()}seed {number}: FAILED, {time.monotonic() - began:.0f} s; {again}"
        )
        return False
    _print(line(number, done))
    return True


def _print(words: str) -> None:
    print(words, flush=True)  # noqa: T201  # the command's output


def scaled(messages: int) -> Size:
    """Give a storm of so many messages: a few are sent in a short one."""
    shape = SHORT if messages < 3000 else FULL
    return Size(**vars(shape) | {"messages": messages})


def line(number: int, done: Outcome) -> str:
    """Write what became of a seed in one line."""
    tally = done.tally
    return (
        f"seed {number}: {tally.emails} emails, {tally.texts} texts, {tally.lost} lost,"
        f" {tally.doubled_emails} emails doubled ({tally.doubled_by_death} by a kill),"
        f" {tally.doubled_texts} texts doubled, {tally.doubts} doubts, {done.kills} kills, {done.seconds:.0f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
