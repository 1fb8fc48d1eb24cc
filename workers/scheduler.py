"""The rhythms: dispatch, plan, recover, close, offer. A loop of which two may run.

Each rhythm has a thread of its own, so that a long plan never delays what is due now.
Run as `python -m workers.scheduler`.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from types import FrameType
from typing import Final

from celery import Celery

from campaigns import logs
from campaigns.data_dir import settings_here
from campaigns.domain.steps import Channel
from campaigns.errors import ConfigurationError
from campaigns.mailroom import fetch_mail, mailbox_of
from campaigns.operations.close import close_sessions
from campaigns.operations.dispatch import Pace, Publish, dispatch
from campaigns.operations.hear import apply_inbound
from campaigns.operations.offer import offer_places
from campaigns.operations.plan import plan_sessions
from campaigns.operations.receive import apply_receipts
from campaigns.operations.reconcile import reconcile
from campaigns.operations.recover import recover
from campaigns.providers.base import name_of
from campaigns.runtime import Runtime, build
from campaigns.store.engine import transaction
from campaigns.store.rhythms import tick
from workers.app import TASK, make_app, with_broker

_AFTER_A_FAULT: Final = timedelta(seconds=2)
_RECEIPTS: Final = 200
"""Applied in one round at most; the next begins at once."""
_TELL_EVERY: Final = 5.0
"""Seconds between two signs of life of one rhythm in the database."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """One thing done again and again; gives the number of rows it changed."""

    name: str
    every: timedelta
    act: Callable[[], int]


def rhythms(runtime: Runtime, publish: Publish) -> tuple[Rhythm, ...]:
    """Give the rhythms of one scheduler."""
    settings = runtime.settings
    engine, hours, clock = runtime.engine, runtime.hours, runtime.clock
    pace = Pace(settings.batch_size, settings.in_flight_limit)
    providers = runtime.providers
    names = [name_of(provider) for provider in providers.values()]
    sms, looks = providers[Channel.SMS], settings.looks
    return (
        Rhythm("dispatch", settings.dispatch_every, lambda: dispatch(engine, publish, clock(), pace, names)),
        Rhythm("plan", settings.plan_every, lambda: plan_sessions(engine, hours, clock(), horizon=settings.horizon)),
        Rhythm(
            "recover",
            settings.recover_every,
            lambda: recover(engine, clock(), grace=settings.doorbell_grace, first_look=looks[0]),
        ),
        Rhythm("reconcile", settings.recover_every, lambda: reconcile(engine, sms, clock(), looks=looks)),
        Rhythm("receive", settings.receive_every, lambda: _receive(runtime)),
        Rhythm("close", settings.close_every, lambda: close_sessions(engine, settings.shares, clock())),
        Rhythm("offer", settings.close_every, lambda: offer_places(engine, clock())),
        *_mailbox(runtime),
    )


def _receive(runtime: Runtime) -> int:
    ears, applied = runtime.ears, 0
    # One by one, each with the time of its own: what follows from a receipt must not be dated before it.
    while applied < _RECEIPTS and apply_receipts(runtime.engine, ears, runtime.clock(), most=1):
        applied += 1
    return applied + apply_inbound(runtime.engine, ears.seal, ears.words, runtime.clock())


def _mailbox(runtime: Runtime) -> tuple[Rhythm, ...]:
    mailbox = mailbox_of(runtime.settings)
    if mailbox is None:
        return ()
    return (Rhythm("mailbox", runtime.settings.mailbox_every, lambda: fetch_mail(runtime, mailbox)),)


def publisher(app: Celery, lasts: timedelta = timedelta(minutes=2)) -> Publish:
    """Give the function that rings a queue's doorbell for a batch.

    A bell that nobody heard for `lasts` falls silent: by then `recover` has given the batch
    back, and while no worker runs such bells would only pile up.
    """

    def publish(queue: str, batch_id: int) -> None:
        app.send_task(TASK, args=[batch_id], queue=queue, retry=False, expires=lasts.total_seconds())

    return publish


def run(runtime: Runtime, publish: Publish, stop: threading.Event) -> None:
    """Keep every rhythm until `stop` is set."""
    threads = [
        threading.Thread(target=_keep, args=(runtime, rhythm, stop), name=rhythm.name)
        for rhythm in rhythms(runtime, publish)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _keep(runtime: Runtime, rhythm: Rhythm, stop: threading.Event) -> None:
    told = -_TELL_EVERY
    while not stop.is_set():
        began = time.monotonic()
        pause = rhythm.every
        try:
            acted = rhythm.act()
            if began - told >= _TELL_EVERY:
                _sign_of_life(runtime, rhythm.name, acted, time.monotonic() - began)
                told = began
        except Exception as error:  # noqa: BLE001  # one of the three places that catch everything: the scheduler's rhythm
            logs.event("rhythm broke", level=logs.ERROR, error=error, rhythm=rhythm.name)
            pause = _AFTER_A_FAULT
        stop.wait(pause.total_seconds())


def _sign_of_life(runtime: Runtime, name: str, acted: int, took: float) -> None:
    with transaction(runtime.engine) as db:
        tick(db, name, f"{socket.gethostname()}:{os.getpid()}", runtime.clock(), took_ms=int(took * 1000), acted=acted)


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    logs.configure()
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    try:
        settings = with_broker(settings_here())
        with build(settings) as runtime:
            run(runtime, publisher(make_app(settings), 4 * settings.doorbell_grace), stop)
    except ConfigurationError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
