"""Every setting of the service, read once from the environment.

Settings are an argument, not an import: `cli`, `web.app` and `workers.app` read
them and pass them down. Names are `CAMPAIGNS_<FIELD>` in the environment; servers
and accounts also answer to the names everybody uses (`DATABASE_URL`, `REDIS_URL`, …).
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator

from campaigns.clinic import ClinicSettings
from campaigns.domain.attendance import ATTENDED_FROM
from campaigns.domain.sign_ups import Limits
from campaigns.domain.watching import COMPLETED_FROM, Shares
from campaigns.errors import ConfigurationError

_MOST_LOOKS = 9
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]{1,5})?")


def _either(name: str, usual: str) -> AliasChoices:
    return AliasChoices(f"CAMPAIGNS_{name}", usual)


class Settings(ClinicSettings):
    """All settings. Every duration is a `timedelta` (`PT30S` or seconds in the environment)."""

    # Servers
    database_url: str = Field(default="", validation_alias=_either("DATABASE_URL", "DATABASE_URL"))
    """`postgresql://user:password@host/name`. Empty: `campaigns up` starts an embedded server."""
    redis_url: str = Field(default="", validation_alias=_either("REDIS_URL", "REDIS_URL"))
    """`redis://` or `redis+socket://`. Empty: `campaigns up` starts an embedded server."""
    broker_prefix: str = ""
    """Goes before every key in Redis, so that several services can share one server."""
    data_dir: Path = Path("var")
    """Where embedded servers, the outbox and generated secrets live."""
    secret: SecretStr = SecretStr("")
    """Signs every link; at least 32 characters. Empty: `campaigns up` makes one and keeps it in `data_dir`."""
    former_secrets: str = ""
    """Comma-separated secrets that old links may still be signed with."""

    # Web
    public_url: str = "http://127.0.0.1:8000"
    """Where registrants reach the service; every link in a message begins with it. No slash at the end."""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    body_limit: int = 2 * 1024 * 1024
    """Largest request body in bytes, uploads apart."""
    upload_limit: int = 32 * 1024 * 1024
    """Largest CSV upload in bytes."""
    registrations_per_minute: int = Field(default=60, ge=1)
    """Forms that one network address may send within a minute, counted by each web process for itself."""
    form_takes: timedelta = timedelta(seconds=2)
    """A form that comes back sooner after it was shown is shown once more: people take longer."""
    double_opt_in: str = ""
    """Channels on which a ticked box counts once confirmed: `email` by a button, `sms` by a code; `true` is `email`."""
    embed_origins: str = ""
    """Comma-separated origins, such as https://www.clinic.example, whose pages may show the form in a frame, or send
    one of their own. Empty: none, and the page for frames does not exist."""

    # Sign-ups whose confirmation still leaves, within a rolling hour or day; later ones get a place all the same
    sign_ups_email_hour: int = Field(default=3, ge=1)
    """With one email address."""
    sign_ups_email_day: int = Field(default=10, ge=1)
    sign_ups_number_day: int = Field(default=3, ge=1)
    """With one mobile number. `rules/caps.toml` says how many confirmations by text follow, which are fewer."""
    sign_ups_prefix_day: int = Field(default=20, ge=1)
    """With mobile numbers that begin with the same seven digits after +1."""
    sign_ups_ip_day: int = Field(default=200, ge=1)
    """From one network address; a whole clinic may sit behind one."""

    # Attendance
    attended_share: float = Field(default=ATTENDED_FROM, gt=0, le=1)
    """Share of the talk from which on somebody attended; below it they left early."""
    completed_share: float = Field(default=COMPLETED_FROM, gt=0, le=1)
    """Share of the talk from which on somebody has seen all of it; not below `attended_share`."""

    # Email
    email_provider: Literal["auto", "folder", "smtp"] = "auto"
    """`auto`: SMTP as soon as `smtp_host` is set, else the folder."""
    mail_from: str = "class@clinic.example"
    """The address in `From`, and the organizer of calendar entries: it must receive mail."""
    reply_to: str = "class@clinic.example"
    return_path_domain: str = "bounce.clinic.example"
    smtp_host: str = ""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_timeout: timedelta = timedelta(seconds=30)
    email_relay: Literal["plain", "ses", "sendgrid", "postmark", "mailgun"] = "plain"
    """Whose relay `smtp_host` is: it is told our name for each message, so that its webhooks bring it back."""
    dkim_selector: str = ""
    """Names the public key in the DNS. Without `dkim_key_file` the relay signs, and only `doctor` looks at it."""
    dkim_domain: str = ""
    """The domain that signs, d=. Empty: the domain of `mail_from`."""
    dkim_key_file: Path | None = None
    """Private key in PEM, RSA or ed25519, that signs every email here. None: the relay signs."""

    # SMS
    sms_provider: Literal["auto", "folder", "twilio"] = "auto"
    """`auto`: Twilio as soon as its account is set, else the folder."""
    sms_countries: str = "US"
    """Comma-separated regions whose mobile numbers are accepted."""
    twilio_account_sid: str = Field(default="", validation_alias=_either("TWILIO_ACCOUNT_SID", "TWILIO_ACCOUNT_SID"))
    twilio_auth_token: SecretStr = Field(
        default=SecretStr(""), validation_alias=_either("TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN")
    )
    twilio_messaging_service_sid: str = Field(
        default="", validation_alias=_either("TWILIO_MESSAGING_SERVICE_SID", "TWILIO_MESSAGING_SERVICE_SID")
    )
    twilio_from: str = Field(default="", validation_alias=_either("TWILIO_FROM", "TWILIO_FROM"))
    twilio_base_url: str = Field(default="", validation_alias=_either("TWILIO_BASE_URL", "TWILIO_BASE_URL"))
    """Another address for Twilio's API, for tests; empty means Twilio's own."""
    twilio_timeout: timedelta = timedelta(seconds=10)
    twilio_former_auth_token: SecretStr = SecretStr("")
    """Signs Twilio's webhooks still, while a new token is being rolled out."""
    twilio_answers_keywords: bool = True
    """Twilio answers STOP, START and HELP itself, as it does unless its support has switched that off."""

    # What comes back; a webhook whose setting is empty does not exist
    ses_topics: str = ""
    """Comma-separated ARNs of the SNS topics that carry our SES events to `/hooks/ses`."""
    sendgrid_public_key: str = ""
    """Verification key of the signed event webhook at `/hooks/sendgrid`."""
    postmark_login: SecretStr = SecretStr("")
    """`user:password` of the webhook at `/hooks/postmark`."""
    mailgun_signing_key: SecretStr = SecretStr("")
    """HTTP webhook signing key of `/hooks/mailgun`."""
    webhook_secret: SecretStr = SecretStr("")
    """`whsec_…` or `whpk_…` of a sender of Standard Webhooks at `/hooks/webhook`."""
    mail_hook_secret: SecretStr = SecretStr("")
    """Bearer token of `/hooks/mail`, which takes a bounce, a complaint or a reply as a raw message."""
    mailbox_url: SecretStr = SecretStr("")
    """`imaps://user:password@host/folder`, a mailbox for bounces, complaints and replies; read once a minute."""

    # Pace and rhythm
    horizon: timedelta = Field(default=timedelta(hours=6), ge=timedelta(minutes=30))
    """How far ahead the ledger is filled: how long the planner may be dead without a message being late."""
    email_lanes: int = Field(default=16, ge=1, le=64)
    """Connections to the mail server that each email worker process keeps busy; each has one message in the air."""
    sms_lanes: int = Field(default=8, ge=1, le=128)
    """Texts that each SMS worker process has under way at once."""
    batch_size: int = Field(default=250, ge=1, le=1000)
    in_flight_limit: int = Field(default=2000, ge=1)
    """Deliveries of one channel and priority that may be claimed and not yet settled."""
    doorbell_grace: timedelta = timedelta(seconds=30)
    """A claimed batch that nobody holds after this long goes back to the plan."""
    dispatch_every: timedelta = timedelta(milliseconds=300)
    plan_every: timedelta = timedelta(seconds=5)
    recover_every: timedelta = timedelta(seconds=3)
    receive_every: timedelta = timedelta(milliseconds=300)
    mailbox_every: timedelta = timedelta(minutes=1)
    close_every: timedelta = timedelta(seconds=15)
    """How often sessions on our own watch page are looked at whose doors may have shut."""
    sms_looks: str = "45,180,660"
    """Seconds to wait before each look for a text in doubt at its provider."""
    clock_file: Path | None = None
    """A clock moved by hand, for rehearsals and tests only; see `campaigns/clock.py`."""

    @field_validator(
        "smtp_timeout", "twilio_timeout", "horizon", "doorbell_grace", "dispatch_every", "plan_every", "recover_every",
        "receive_every", "mailbox_every", "close_every", "form_takes", mode="before",
    )  # fmt: skip
    @classmethod
    def _seconds(cls, value: object) -> object:
        """Take a plain number for seconds, which pydantic itself does only for numbers that are not written out."""
        try:
            return float(value) if isinstance(value, str) else value
        except ValueError:
            return value

    @field_validator("sms_looks")
    @classmethod
    def _seconds_each(cls, value: str) -> str:
        parts = value.split(",")
        if not 1 <= len(parts) <= _MOST_LOOKS or not all(part.strip().isdecimal() and int(part) for part in parts):
            raise ValueError("must be one to nine whole numbers of seconds, such as 45,180,660")
        return value

    @field_validator("embed_origins")
    @classmethod
    def _origins(cls, value: str) -> str:
        # They stand in a header: nothing but scheme, host and port may get there.
        origins = [part.strip() for part in value.split(",") if part.strip()]
        if not all(_ORIGIN.fullmatch(one) for one in origins):
            raise ValueError("must be origins without a path, such as https://www.clinic.example, with commas between")
        return ",".join(origins)

    @field_validator("double_opt_in", mode="before")
    @classmethod
    def _channels(cls, value: object) -> object:
        words = ",".join(sorted({one.strip().lower() for one in str(value).split(",")} - {""}))
        words = {"true": "email", "1": "email", "yes": "email", "on": "email"}.get(words, words)
        words = "" if words in ("false", "0", "no", "off") else words
        if words not in ("", "email", "sms", "email,sms"):
            raise ValueError("must name channels, email, sms or email,sms, or be empty for none")
        return words

    @field_validator("public_url")
    @classmethod
    def _no_slash(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError("must be a full address such as https://class.example.org")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _complete(self) -> Settings:
        if self.completed_share < self.attended_share:
            raise ValueError("CAMPAIGNS_COMPLETED_SHARE must not be below CAMPAIGNS_ATTENDED_SHARE")
        if self.email_by == "smtp" and not self.smtp_host:
            raise ValueError("CAMPAIGNS_EMAIL_PROVIDER=smtp also needs CAMPAIGNS_SMTP_HOST")
        if (self.dkim_key_file or self.dkim_domain) and not self.dkim_selector:
            raise ValueError("CAMPAIGNS_DKIM_KEY_FILE and CAMPAIGNS_DKIM_DOMAIN also need CAMPAIGNS_DKIM_SELECTOR")
        if self.sms_by == "twilio":
            if not (self.twilio_account_sid and self.twilio_auth_token.get_secret_value()):
                raise ValueError("CAMPAIGNS_SMS_PROVIDER=twilio also needs TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN")
            if not (self.twilio_messaging_service_sid or self.twilio_from):
                raise ValueError("CAMPAIGNS_SMS_PROVIDER=twilio also needs TWILIO_MESSAGING_SERVICE_SID or TWILIO_FROM")
        return self

    @property
    def proves(self) -> frozenset[str]:
        """The channels with double opt-in."""
        return frozenset(self.double_opt_in.split(",")) - {""}

    @property
    def email_by(self) -> Literal["folder", "smtp"]:
        """Which provider carries email."""
        if self.email_provider == "auto":
            return "smtp" if self.smtp_host else "folder"
        return self.email_provider

    @property
    def sms_by(self) -> Literal["folder", "twilio"]:
        """Which provider carries text messages."""
        if self.sms_provider == "auto":
            return "twilio" if self.twilio_account_sid else "folder"
        return self.sms_provider

    @property
    def shares(self) -> Shares:
        """From which shares of the talk on somebody attended, and has seen all of it."""
        return Shares(self.attended_share, self.completed_share)

    @property
    def looks(self) -> tuple[timedelta, ...]:
        """How long to wait before each look for a text in doubt."""
        return tuple(timedelta(seconds=int(part)) for part in self.sms_looks.split(","))

    @property
    def embedders(self) -> tuple[str, ...]:
        """Origins whose pages may show the form in a frame, or send one of their own."""
        return tuple(part for part in self.embed_origins.split(",") if part)

    @property
    def sign_up_limits(self) -> Limits:
        """How many sign-ups still get their confirmation."""
        return Limits(
            email_an_hour=self.sign_ups_email_hour,
            email_a_day=self.sign_ups_email_day,
            number_a_day=self.sign_ups_number_day,
            prefix_a_day=self.sign_ups_prefix_day,
            ip_a_day=self.sign_ups_ip_day,
        )

    @property
    def outbox(self) -> Path:
        """Where the folder provider puts what it captures."""
        return self.data_dir / "outbox"

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """The signing secret first, then those that may still verify."""
        former = [part.strip() for part in self.former_secrets.split(",") if part.strip()]
        return tuple(part.encode() for part in (self.secret.get_secret_value(), *former))


def read_settings(**overrides: object) -> Settings:
    """Read the environment; `overrides` win over it.

    Raises `ConfigurationError` naming every variable at fault.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # pydantic checks them
    except ValidationError as error:
        lines = []
        for fault in error.errors():
            name = ".".join(str(part) for part in fault["loc"])
            label = name if name.isupper() else f"CAMPAIGNS_{name.upper()}" if name else "settings"
            lines.append(f"{label}: {fault['msg'].removeprefix('Value error, ')}")
        raise ConfigurationError("; ".join(lines)) from None
