"""Everything built once from the settings, and passed down: the composition root."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from campaigns.clock import Clock, file_clock, system_clock
from campaigns.domain.messages import Text
from campaigns.domain.quiet import SendingHours
from campaigns.domain.steps import Channel
from campaigns.domain.tokens import Links, Signer
from campaigns.errors import ConfigurationError
from campaigns.operations.send import Desk
from campaigns.operations.starter import Clinic
from campaigns.operations.words import Words
from campaigns.providers.base import Provider
from campaigns.providers.folder import Folder
from campaigns.providers.smtp import Smtp
from campaigns.providers.twilio import Twilio
from campaigns.rendering.variables import Sender
from campaigns.rules import read_sending_hours
from campaigns.settings import Settings
from campaigns.store.engine import Engine, make_engine

_SHORTEST_SECRET: Final = 32


@dataclass(frozen=True, slots=True)
class Runtime:
    """What a process of the service works with."""

    settings: Settings
    engine: Engine
    clock: Clock
    signer: Signer
    links: Links
    sender: Sender
    hours: SendingHours
    templates: Path
    """The folder with `messages/`, `web/` and `webinars/`."""

    @property
    def clinic(self) -> Clinic:
        """The facts that the starter's wordings name."""
        settings = self.settings
        return Clinic(settings.clinic_name, settings.program_name, settings.clinic_zone)


@contextmanager
def build(settings: Settings, *, pool_size: int = 8) -> Iterator[Runtime]:
    """Build a runtime and close it at the end of the block.

    Raises `ConfigurationError` when a setting that every process needs is missing.
    """
    if not settings.database_url:
        raise ConfigurationError("DATABASE_URL: not set. `./up` starts a database of its own; this command does not.")
    if len(settings.secret.get_secret_value()) < _SHORTEST_SECRET:
        raise ConfigurationError(f"CAMPAIGNS_SECRET: needs at least {_SHORTEST_SECRET} characters; it signs every link")
    signer = Signer(settings.secrets)
    engine = make_engine(settings.database_url, pool_size=pool_size)
    try:
        yield Runtime(
            settings=settings,
            engine=engine,
            clock=file_clock(settings.clock_file) if settings.clock_file else system_clock,
            signer=signer,
            links=Links(settings.public_url, signer),
            sender=_sender(settings),
            hours=read_sending_hours(),
            templates=template_folder(),
        )
    finally:
        engine.dispose()


@contextmanager
def open_desk(runtime: Runtime, stopping: Callable[[], bool]) -> Iterator[Desk]:
    """Give a worker process its desk and hang up its lines at the end of the block."""
    settings = runtime.settings
    desk = Desk(
        engine=runtime.engine,
        clock=runtime.clock,
        hours=runtime.hours,
        words=Words(runtime.sender, runtime.links),
        providers={Channel.EMAIL: _email(settings), Channel.SMS: _sms(runtime)},
        lane_counts={Channel.EMAIL: settings.email_lanes, Channel.SMS: settings.sms_lanes},
        stopping=stopping,
    )
    try:
        yield desk
    finally:
        desk.close()


def template_folder() -> Path:
    """Find the templates: inside the installed package, or beside it in a checkout."""
    here = Path(__file__).resolve().parent
    installed = here / "_templates"
    return installed if installed.is_dir() else here.parent / "templates"


def _sender(settings: Settings) -> Sender:
    return Sender(
        clinic_name=settings.clinic_name,
        program_name=settings.program_name,
        clinic_address=settings.clinic_address,
        clinic_phone=settings.clinic_phone,
        clinic_zone=settings.clinic_zone,
        mail_from=settings.mail_from,
        reply_to=settings.reply_to,
        return_path_domain=settings.return_path_domain,
        public_url=settings.public_url,
        # Of the signing secret, but not it: what stands in a Message-ID must not help to forge a link.
        id_key=hashlib.sha256(b"message ids\0" + settings.secrets[0]).digest(),
    )


def _email(settings: Settings) -> Provider:
    if settings.email_by == "folder":
        return Folder(settings.outbox, Channel.EMAIL)
    return Smtp(
        settings.smtp_host,
        settings.smtp_port,
        security=settings.smtp_security,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value(),
        timeout=settings.smtp_timeout,
        local_hostname=urlsplit(settings.public_url).hostname or "",
    )


def _sms(runtime: Runtime) -> Provider:
    settings = runtime.settings
    if settings.sms_by == "folder":
        return Folder(settings.outbox, Channel.SMS)

    def callback(message: Text) -> str:
        return f"{settings.public_url}/hooks/twilio/status/{message.callback_token}"

    return Twilio(
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token.get_secret_value(),
        messaging_service_sid=settings.twilio_messaging_service_sid,
        from_=settings.twilio_from,
        base_url=settings.twilio_base_url,
        timeout=settings.twilio_timeout,
        callback_url=callback,
    )
