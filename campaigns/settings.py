"""Every setting of the service, read once from the environment.

Settings are an argument, not an import: `cli`, `web.app` and `workers.app` read
them and pass them down. Names are `CAMPAIGNS_<FIELD>` in the environment; servers
and accounts also answer to the names everybody uses (`DATABASE_URL`, `REDIS_URL`,
`TWILIO_ACCOUNT_SID`, …).
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from campaigns.errors import ConfigurationError


def _either(name: str, usual: str) -> AliasChoices:
    return AliasChoices(f"CAMPAIGNS_{name}", usual)


class Settings(BaseSettings):
    """All settings. Every duration is a `timedelta` (`PT30S` or seconds in the environment)."""

    model_config = SettingsConfigDict(env_prefix="CAMPAIGNS_", frozen=True, extra="ignore", populate_by_name=True)

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

    # The clinic
    clinic_name: str = "Example Clinic"
    """Neutral: it must not name a condition."""
    program_name: str = "Runners' Class"
    clinic_address: str = "120 Quay Street, Portland, ME 04101"
    clinic_phone: str = "(207) 555-0100"
    clinic_zone: str = "America/New_York"

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

    # Pace and rhythm
    horizon: timedelta = Field(default=timedelta(hours=6), ge=timedelta(minutes=30))
    """How far ahead the ledger is filled: how long the planner may be dead without a message being late."""
    email_lanes: int = Field(default=4, ge=1, le=64)
    """Threads with a connection of their own, in each email worker process."""
    sms_lanes: int = Field(default=8, ge=1, le=64)
    batch_size: int = Field(default=100, ge=1, le=1000)
    in_flight_limit: int = Field(default=600, ge=1)
    """Deliveries of one channel and priority that may be claimed and not yet settled."""
    doorbell_grace: timedelta = timedelta(seconds=30)
    """A claimed batch that nobody holds after this long goes back to the plan."""
    dispatch_every: timedelta = timedelta(milliseconds=300)
    plan_every: timedelta = timedelta(seconds=5)
    recover_every: timedelta = timedelta(seconds=3)
    clock_file: Path | None = None
    """A clock moved by hand, for rehearsals and tests only; see `campaigns/clock.py`."""

    @field_validator(
        "smtp_timeout", "twilio_timeout", "horizon", "doorbell_grace", "dispatch_every", "plan_every", "recover_every",
        mode="before",
    )  # fmt: skip
    @classmethod
    def _seconds(cls, value: object) -> object:
        """Take a plain number for seconds, which pydantic itself does only for numbers that are not written out."""
        try:
            return float(value) if isinstance(value, str) else value
        except ValueError:
            return value

    @field_validator("public_url")
    @classmethod
    def _no_slash(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError("must be a full address such as https://class.example.org")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _complete(self) -> Settings:
        if self.email_by == "smtp" and not self.smtp_host:
            raise ValueError("CAMPAIGNS_EMAIL_PROVIDER=smtp also needs CAMPAIGNS_SMTP_HOST")
        if self.sms_by == "twilio":
            if not (self.twilio_account_sid and self.twilio_auth_token.get_secret_value()):
                raise ValueError("CAMPAIGNS_SMS_PROVIDER=twilio also needs TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN")
            if not (self.twilio_messaging_service_sid or self.twilio_from):
                raise ValueError("CAMPAIGNS_SMS_PROVIDER=twilio also needs TWILIO_MESSAGING_SERVICE_SID or TWILIO_FROM")
        return self

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
