"""The mailbox in which bounces, complaints and replies arrive, read by the scheduler.

A mail is stored before it is moved away in the mailbox; one that is read twice because
something died in between is recognised and changes nothing.
"""

from __future__ import annotations

from typing import Final, Literal
from urllib.parse import unquote, urlsplit

from campaigns import logs
from campaigns.errors import ConfigurationError
from campaigns.operations.receive import take_in
from campaigns.providers.mail.mailbox import Mailbox
from campaigns.providers.mail.reading import read_mail
from campaigns.runtime import Runtime
from campaigns.settings import Settings
from campaigns.store.engine import transaction

_MANY: Final = 200
"""Mails of one round; the next comes within a minute."""
_SCHEMES: Final[dict[str, tuple[Literal["tls", "starttls", "none"], int]]] = {
    "imaps": ("tls", 993),
    "imap+starttls": ("starttls", 143),
    "imap": ("none", 143),
}


def mailbox_of(settings: Settings) -> Mailbox | None:
    """Give the mailbox that settings name, None without one; nothing is opened.

    Raises `ConfigurationError` for an address that is none.
    """
    address = settings.mailbox_url.get_secret_value()
    if not address:
        return None
    parts = urlsplit(address)
    if parts.scheme not in _SCHEMES or not parts.hostname or not parts.username:
        raise ConfigurationError("CAMPAIGNS_MAILBOX_URL: must be like imaps://user:password@host/folder")
    security, port = _SCHEMES[parts.scheme]
    return Mailbox(
        parts.hostname,
        parts.port or port,
        unquote(parts.username),
        unquote(parts.password or ""),
        security=security,
        folder=unquote(parts.path.strip("/")) or "INBOX",
    )


def fetch_mail(runtime: Runtime, mailbox: Mailbox) -> int:
    """Take in what lies in the mailbox; give the number of mails. Raises `ProviderUnusable` if it cannot be read."""
    fetched = 0
    for taken in mailbox.take(_MANY):
        with transaction(runtime.engine) as db:
            found = take_in(db, runtime.ears, "mail", taken.raw, read_mail(taken.raw), runtime.clock())
        mailbox.done(taken.uid)
        fetched += 1
        logs.event("mail taken", receipts=found.receipts, inbound=found.inbound)
    return fetched
