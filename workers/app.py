"""The Celery application: four queues of doorbells, no results, no schedules, one Runtime per process.

Celery messages may be lost, doubled or late without harm. The ledger knows what is due,
and the lock of a batch knows who carries it.
"""

from __future__ import annotations

import atexit
import threading
from contextlib import ExitStack
from typing import Any, Final

from celery import Celery
from celery.signals import celeryd_init, setup_logging, worker_shutting_down
from kombu import Queue

from campaigns import logs
from campaigns.data_dir import settings_here
from campaigns.domain.steps import Channel, Priority
from campaigns.errors import ConfigurationError
from campaigns.operations.dispatch import queue_name
from campaigns.operations.send import Desk
from campaigns.runtime import build, open_desk
from campaigns.settings import Settings

TASK: Final = "hand_off_batch"
QUEUES: Final = tuple(queue_name(channel, priority) for channel in Channel for priority in Priority)


def make_app(settings: Settings) -> Celery:
    """Give a Celery application on the broker of these settings; nothing is connected yet."""
    app = Celery("campaigns", broker=settings.redis_url, set_as_current=True)
    app.conf.update(
        # A doorbell is taken off the queue before it is answered: if the worker dies, the batch's
        # lock is free and `recover` sees to it. Redelivery by Celery would add nothing but doubles.
        task_acks_late=False,
        task_ignore_result=True,
        result_backend=None,
        worker_prefetch_multiplier=1,
        task_queues=[Queue(name) for name in QUEUES],
        task_default_queue=QUEUES[-1],
        task_create_missing_queues=False,
        # Within one worker the first queue named is the first served: urgent before bulk.
        broker_transport_options={
            "queue_order_strategy": "priority",
            "socket_connect_timeout": 2,
            "socket_timeout": 5,
            "global_keyprefix": settings.broker_prefix,
        },
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=2,
        task_publish_retry=False,
        worker_hijack_root_logger=False,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        task_serializer="json",
        accept_content=["json"],
        enable_utc=True,
    )
    return app


def with_broker(settings: Settings) -> Settings:
    """Give the settings back; raises `ConfigurationError` when they name no broker."""
    if not settings.redis_url:
        raise ConfigurationError("REDIS_URL: not set. `./up` starts a server of its own; this command does not.")
    return settings


def channels_of(queues: object) -> set[Channel]:
    """Give the channels that a worker with these queues serves: a list, or names with commas; none: all."""
    names = queues.split(",") if isinstance(queues, str) else queues if isinstance(queues, list | tuple) else QUEUES
    return {Channel(name.partition(".")[0]) for name in names if name in QUEUES}


class Process:
    """The one runtime of this worker process, built at the first doorbell."""

    def __init__(self) -> None:
        """Build nothing yet: importing this module must not need a database."""
        self.stopping = threading.Event()
        self._stack = ExitStack()
        self._desk: Desk | None = None

    def desk(self) -> Desk:
        """Give the desk, built once."""
        if self._desk is None:
            runtime = self._stack.enter_context(build(settings_here(), pool_size=32))
            self._desk = self._stack.enter_context(open_desk(runtime, self.stopping.is_set))
            atexit.register(self.close)
        return self._desk

    def close(self) -> None:
        """Hang up everything."""
        self._stack.close()
        self._desk = None


process: Final = Process()


@celeryd_init.connect
def _build_early(options: dict[str, Any] | None = None, **_: Any) -> None:
    """Fail at start-up rather than at the first doorbell, and be ready for it."""
    try:
        with_broker(settings_here())
        desk = process.desk()
        for channel in channels_of((options or {}).get("queues")):
            desk.lane(channel)
    except ConfigurationError as error:
        # Celery logs whatever else a signal's receiver raises, and would start all the same.
        raise SystemExit(str(error)) from None


@worker_shutting_down.connect
def _stop_soon(**_: Any) -> None:
    """Let the lanes finish the message in hand and give the rest of the batch back."""
    process.stopping.set()


@setup_logging.connect
def _log_our_way(**_: Any) -> None:
    logs.configure()


app: Final = make_app(settings_here())
app.autodiscover_tasks(["workers"], related_name="tasks", force=True)
