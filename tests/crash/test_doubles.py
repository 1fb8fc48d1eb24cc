"""Everybody who may exist twice does: schedulers, recoveries, doorbells, calls from Twilio; nothing comes of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from campaigns import commands
from campaigns.domain.steps import Channel
from campaigns.operations.reconcile import reconcile
from campaigns.operations.recover import recover
from campaigns.runtime import Runtime, build
from campaigns.settings import read_settings
from tests.crash.people import gather
from tests.crash.proof import prove
from tests.crash.service import SMS_LANES, House, Outside, house
from tests.servers import twilio_server
from tests.servers.twilio_server import call_back
from workers.app import QUEUES, make_app
from workers.scheduler import publisher, run

_PEOPLE = 240
_UNREACHABLE = 30003
_CALLS = {
    "delay": 0.05,
    "jitter": 0.3,
    "twice": 1.0,
    "shuffled": 0.5,
    "fates": [{"error_code": _UNREACHABLE, "times": 3}],
}
_NO_ANSWER = [{"close": True, "keep": True, "times": 3, "after": 5}, {"close": True, "times": 1}]
"""The answers to a few texts get lost; Twilio has taken three of them."""
_LEDGER = (
    "SELECT id, status, reason, provider_id, attempt, doubts, looks, sent_at, (SELECT count(*) FROM attempt a"
    " WHERE a.delivery_id = d.id) FROM delivery d ORDER BY id"
)


def test_two_schedulers_two_recoveries_doubled_doorbells_and_replayed_receipts_change_nothing(
    own_database_url, monkeypatch
):
    outside = Outside(twilio=_NO_ANSWER, callbacks=_CALLS, patience=3)
    with house(own_database_url, outside, rate=4.0, CAMPAIGNS_SMS_LOOKS="4,4,6") as it:
        it.run("web", commands.web())
        it.run_email_worker()
        for name in ("sms-1", "sms-2"):
            it.run_sms_worker(name)
        crowd = gather(it, _PEOPLE)
        it.await_web()
        with _beside(it, monkeypatch) as runtime, _beside(it, monkeypatch) as other:
            bells = _Bells(runtime)
            with _schedulers(bells, runtime, other), _over_and_over(*_meddlers(runtime), *_meddlers(other)):
                it.wait(lambda: it.texts.count() >= len(crowd.texts) // 2, "half of the texts", pause=0.002)
                it.programs.pop("sms-1").kill_for_good()
                it.wait_until_settled()
                _wait_for_every_call(it)
                before = it.sql(_LEDGER)
                bells.ring_all_again()
                events = _tell_once_more(it)
                it.wait_until_settled()
                it.wait(bells.answered, "every doorbell to be answered")
        assert it.sql(_LEDGER) == before
        assert it.one("SELECT count(*) FROM receipt") == len(events)
        tally = prove(it, expected=crowd.all)
        assert (tally.emails, tally.texts) == (len(crowd.emails), len(crowd.texts))
        assert dict(tally.states) == {"sent": tally.emails, "delivered": tally.texts - 3, "bounced": 3}
        assert 4 <= tally.doubts <= 4 + SMS_LANES


@contextmanager
def _beside(it: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    """Give what a scheduler works with, in this process."""
    for name, value in it.environment.items():
        if name.startswith(("CAMPAIGNS_", "TWILIO_")):
            monkeypatch.setenv(name, value)
    with build(read_settings()) as runtime:
        yield runtime


@contextmanager
def _schedulers(bells: _Bells, *runtimes: Runtime) -> Iterator[None]:
    """Run several schedulers at once."""
    over = threading.Event()
    with ThreadPoolExecutor(len(runtimes)) as hands:
        running = [hands.submit(run, runtime, bells.ring, over) for runtime in runtimes]
        try:
            yield
        finally:
            over.set()
        for one in running:
            one.result()


def _meddlers(runtime: Runtime) -> Sequence[Callable[[], object]]:
    """Give a recovery and a search for texts in doubt, beside those of the schedulers."""
    engine, clock, settings = runtime.engine, runtime.clock, runtime.settings
    provider, looks = runtime.providers[Channel.SMS], settings.looks
    return (
        lambda: recover(engine, clock(), grace=settings.doorbell_grace, first_look=looks[0]),
        lambda: reconcile(engine, provider, clock(), looks=looks),
    )


class _Bells:
    """Rings twice for every batch, and once more for all of them when they are long done."""

    def __init__(self, runtime: Runtime) -> None:
        self._app = make_app(runtime.settings)
        self._publish = publisher(self._app)
        self._rung: list[tuple[str, int]] = []

    def ring(self, queue: str, batch_id: int) -> None:
        for _ in range(2):
            self._publish(queue, batch_id)
        self._rung.append((queue, batch_id))

    def ring_all_again(self) -> None:
        assert self._rung
        for queue, batch_id in self._rung:
            self._publish(queue, batch_id)

    def answered(self) -> bool:
        with self._app.connection() as line:
            waiting = [line.default_channel._size(name) for name in QUEUES]
        return not any(waiting)


@contextmanager
def _over_and_over(*acts: Callable[[], object]) -> Iterator[None]:
    """Do each of them again and again, in a thread of its own, until the end of the block."""
    over = threading.Event()

    def keep(act: Callable[[], object]) -> None:
        while not over.wait(0.02):
            act()

    with ThreadPoolExecutor(len(acts)) as hands:
        kept = [hands.submit(keep, act) for act in acts]
        try:
            yield
        finally:
            over.set()
        for one in kept:
            one.result()


def _wait_for_every_call(it: House) -> None:
    """Wait until Twilio has told the end of every text, twice."""

    def told() -> bool:
        ends = [
            one.sid for one in twilio_server.read_reports(it.folder / "twilio") if one.status.startswith(("d", "u"))
        ]
        return len(ends) >= 2 * it.texts.count()

    it.wait(told, "every text's end to be told")
    it.wait_until_settled()


def _tell_once_more(it: House) -> set[tuple[str, str]]:
    """Post every call a third time; gives which there were, by text and status."""
    texts = {one.sid: one for one in it.sms()}
    told = [(one.sid, one.status) for one in twilio_server.read_reports(it.folder / "twilio")]
    assert min(map(told.count, set(told))) == 2
    for sid, status in set(told):
        error_code = _UNREACHABLE if status == "undelivered" else 0
        assert call_back(texts[sid], status, error_code=error_code) < 300
    return set(told)
