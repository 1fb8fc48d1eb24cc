"""Everything built once from the settings, and passed down: the composition root."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from campaigns.brand import email_logo
from campaigns.clock import Clock, file_clock, system_clock
from campaigns.domain.inbound import InboundWords
from campaigns.domain.messages import Text
from campaigns.domain.quiet import SendingHours
from campaigns.domain.rulings import SmtpTable, TwilioTable
from campaigns.domain.steps import Channel
from campaigns.domain.tokens import Links, Signer
from campaigns.errors import ConfigurationError
from campaigns.operations.last_look import Rules
from campaigns.operations.receive import Ears
from campaigns.operations.send import Desk
from campaigns.operations.sign_up import Guard
from campaigns.operations.starter import Clinic
from campaigns.operations.words import Words
from campaigns.providers.base import Provider
from campaigns.providers.folder import Folder
from campaigns.providers.smtp import Smtp
from campaigns.providers.twilio import Twilio
from campaigns.rendering.dkim import open_signer
from campaigns.rendering.environment import Look
from campaigns.rendering.headers import header_address
from campaigns.rendering.identity import domain_of
from campaigns.rendering.skeleton import Sign
from campaigns.rendering.variables import Sender
from campaigns.rules import read_sending_hours
from campaigns.rules.caps import read_caps
from campaigns.rules.inbound import read_inbound_words
from campaigns.rules.replies import read_smtp_replies, read_twilio_codes
from campaigns.settings import Settings
from campaigns.store.engine import Engine, make_engine
from campaigns.store.sealing import Seal

_SHORTEST_SECRET: Final = 32
_RELAY_TAGS: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    "plain": (),
    "ses": (("X-SES-MESSAGE-TAGS", "send_id=", ""),),
    "sendgrid": (("X-SMTPAPI", '{"unique_args":{"send_id":"', '"}}'),),
    "postmark": (("X-PM-Metadata-send-id", "", ""),),
    "mailgun": (("X-Mailgun-Variables", '{"send_id":"', '"}'),),
}
"""How each relay is told our name for a message, so that its webhooks bring it back."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """What a process of the service works with."""

    settings: Settings
    engine: Engine
    clock: Clock
    signer: Signer
    links: Links
    sender: Sender
    rules: Rules
    smtp_replies: SmtpTable
    twilio_codes: TwilioTable
    inbound_words: InboundWords
    seal: Seal
    templates: Path
    """The folder with `messages/`, `web/` and `webinars/`."""

    @property
    def hours(self) -> SendingHours:
        """When messages may leave."""
        return self.rules.hours

    @property
    def providers(self) -> dict[Channel, Provider]:
        """Build the provider of each channel; nothing is opened."""
        return {Channel.EMAIL: _email(self), Channel.SMS: _sms(self)}

    @property
    def words(self) -> Words:
        """Give what renders messages, with nothing compiled yet: one for a worker's life, or for one preview.

        Raises `ConfigurationError` if the key that signs emails cannot be read.
        """
        settings = self.settings
        return Words(self.sender, self.links, _signer(settings), Look(settings.palette, email_logo(settings)))

    @property
    def ears(self) -> Ears:
        """What takes in and applies what comes back."""
        return Ears(
            seal=self.seal,
            signer=self.signer,
            sender=self.sender,
            words=self.inbound_words,
            smtp_replies=self.smtp_replies,
            twilio_codes=self.twilio_codes,
            twilio_answers=self.settings.twilio_answers_keywords,
        )

    @property
    def guard(self) -> Guard:
        """What keeps the registration form from being used against others."""
        settings = self.settings
        return Guard(
            self.seal,
            settings.secrets[0],
            settings.sign_up_limits,
            self.inbound_words,
            prove_email=Channel.EMAIL in settings.proves,
            prove_texts=Channel.SMS in settings.proves,
        )

    @property
    def answers(self) -> dict[str, str]:
        """What we answer to a text by ourselves, by name."""
        settings = self.settings
        facts = {
            "clinic": settings.clinic_name,
            "program": settings.program_name,
            "contact": settings.clinic_phone or settings.reply_to,
        }
        return {name: words.format(**facts) for name, words in self.inbound_words.replies.items()}

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
            rules=Rules(read_sending_hours(), read_caps()),
            smtp_replies=read_smtp_replies(),
            twilio_codes=read_twilio_codes(),
            inbound_words=read_inbound_words(),
            seal=Seal(settings.secrets),
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
        rules=runtime.rules,
        looks=settings.looks,
        words=runtime.words,
        providers=runtime.providers,
        connections={Channel.EMAIL: settings.email_lanes, Channel.SMS: settings.sms_lanes},
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
    # Of the signing secrets, but not they: what stands in a Message-ID must not help to forge a link.
    id_keys = [hashlib.sha256(b"message ids\0" + secret).digest() for secret in settings.secrets]
    return Sender(
        clinic_name=settings.clinic_name,
        program_name=settings.program_name,
        clinic_address=settings.clinic_address,
        clinic_phone=settings.clinic_phone,
        clinic_zone=settings.clinic_zone,
        mail_from=header_address(settings.mail_from),
        reply_to=header_address(settings.reply_to),
        return_path_domain=domain_of(header_address(f"b@{settings.return_path_domain}")),
        public_url=settings.public_url,
        id_key=id_keys[0],
        former_id_keys=tuple(id_keys[1:]),
        relay_tags=_RELAY_TAGS[settings.email_relay],
    )


def _signer(settings: Settings) -> Sign | None:
    if settings.dkim_key_file is None:
        return None
    domain = settings.dkim_domain or domain_of(settings.mail_from)
    return open_signer(domain, settings.dkim_selector, settings.dkim_key_file).sign


def _email(runtime: Runtime) -> Provider:
    settings = runtime.settings
    if settings.email_by == "folder":
        return Folder(settings.outbox, Channel.EMAIL)
    return Smtp(
        settings.smtp_host,
        settings.smtp_port,
        table=runtime.smtp_replies,
        sender=domain_of(settings.mail_from),
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
        table=runtime.twilio_codes,
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token.get_secret_value(),
        messaging_service_sid=settings.twilio_messaging_service_sid,
        from_=settings.twilio_from,
        base_url=settings.twilio_base_url,
        timeout=settings.twilio_timeout,
        callback_url=callback,
    )
