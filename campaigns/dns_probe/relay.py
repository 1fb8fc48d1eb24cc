"""Knocks at the SMTP server: does it let us in, and how long is its certificate good for? It sends no message."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Final

from campaigns.dns_probe.hosts import is_address
from campaigns.dns_probe.questions import Seen
from campaigns.settings import Settings

_SOON: Final = timedelta(days=14)
UNREACHABLE: Final = (OSError, smtplib.SMTPException, ValueError)
"""What `greet` raises: no connection, a refusal, or a host that is no name."""


def greet(settings: Settings, *, log_in: bool = True) -> datetime | None:
    """Speak to the server as far as MAIL; give the moment its certificate ends, if it showed one.

    Raises one of `UNREACHABLE`.
    """
    server = (settings.smtp_host, settings.smtp_port)
    timeout = settings.smtp_timeout.total_seconds()
    trust = ssl.create_default_context()
    with (
        smtplib.SMTP_SSL(*server, timeout=timeout, context=trust)
        if settings.smtp_security == "tls"
        else smtplib.SMTP(*server, timeout=timeout)
    ) as line:
        if settings.smtp_security == "starttls":
            line.starttls(context=trust)
        ends = _ends(line)
        if settings.smtp_user and log_in:
            line.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        line.noop()
    return ends


def examine_encryption(settings: Settings, now: datetime) -> Iterator[Seen]:
    """Say whether mail reaches the relay encrypted, under a certificate that lasts."""
    host = settings.smtp_host
    where = f"{host}:{settings.smtp_port}"
    if settings.smtp_security == "none":
        yield _unencrypted(host)
        return
    try:
        ends = greet(settings, log_in=False)
    except ssl.SSLCertVerificationError as error:
        why = error.verify_message
        words = f"the certificate of {host} is not valid ({why}): have it renewed, or correct CAMPAIGNS_SMTP_HOST"
        yield Seen("!!", "tls", words)
    except smtplib.SMTPNotSupportedError:
        words = f"{where} offers no STARTTLS: try CAMPAIGNS_SMTP_SECURITY=tls with its port for that"
        yield Seen("!!", "tls", words)
    except UNREACHABLE:
        words = f"{where} does not speak TLS with us: check CAMPAIGNS_SMTP_PORT and CAMPAIGNS_SMTP_SECURITY"
        yield Seen("!!", "tls", words)
    else:
        assert ends is not None  # without a certificate there is no encryption
        yield _lasting(host, ends - now)


def _unencrypted(host: str) -> Seen:
    if host == "localhost" or (is_address(host) and ip_address(host).is_loopback):
        return Seen("ok", "tls", "is not needed: the relay is this machine")
    return Seen(
        "?", "tls", f"mail goes to {host} for everybody to read: set CAMPAIGNS_SMTP_SECURITY to starttls or tls"
    )


def _lasting(host: str, left: timedelta) -> Seen:
    if left > _SOON:
        return Seen("ok", "tls", f"the certificate of {host} is valid for another {left.days} days")
    return Seen("?", "tls", f"the certificate of {host} ends in {left.days} days: see that it is renewed")


def _ends(line: smtplib.SMTP) -> datetime | None:
    if not isinstance(line.sock, ssl.SSLSocket):
        return None
    shown = line.sock.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)
