"""The readers of the webhooks that settings open.

Composed here, beside the runtime, because only the web needs them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError

from campaigns import logs
from campaigns.errors import ConfigurationError
from campaigns.providers.hooks.base import Hook
from campaigns.providers.hooks.mailgun import Mailgun
from campaigns.providers.hooks.postmark import Postmark
from campaigns.providers.hooks.sendgrid import SendGrid
from campaigns.providers.hooks.ses import Ses
from campaigns.providers.hooks.standard import StandardWebhooks
from campaigns.providers.hooks.twilio import TwilioInbound, TwilioStatus
from campaigns.settings import Settings

_PATIENCE: Final = 5.0
"""Seconds for an address of Amazon's to answer."""
_MAILGUN_REPEATS: Final = timedelta(hours=9)
"""Mailgun repeats a call for eight hours, it seems with its first signature; a replay changes nothing anyway."""
_LARGEST: Final = 100_000


def open_hooks(settings: Settings) -> Mapping[str, Hook]:
    """Give the readers of the webhooks that settings open, by name.

    Raises `ConfigurationError` naming the setting at fault.
    """
    hooks: list[Hook] = []
    tokens = tuple(
        token.get_secret_value()
        for token in (settings.twilio_auth_token, settings.twilio_former_auth_token)
        if token.get_secret_value()
    )
    if settings.twilio_account_sid and tokens:
        hooks += [TwilioStatus(tokens), TwilioInbound(tokens)]
    topics = [topic.strip() for topic in settings.ses_topics.split(",") if topic.strip()]
    if topics:
        hooks.append(Ses(topics, _fetch))
    if settings.sendgrid_public_key:
        hooks.append(SendGrid(settings.sendgrid_public_key))
    if login := settings.postmark_login.get_secret_value():
        user, colon, password = login.partition(":")
        if not (user and colon and password):
            raise ConfigurationError("CAMPAIGNS_POSTMARK_LOGIN: must be user:password")
        hooks.append(Postmark(user, password))
    if key := settings.mailgun_signing_key.get_secret_value():
        hooks.append(Mailgun(key, tolerance=_MAILGUN_REPEATS))
    if secret := settings.webhook_secret.get_secret_value():
        hooks.append(StandardWebhooks(secret))
    return {hook.name: hook for hook in hooks}


def confirm(address: str) -> None:
    """Visit the address by which Amazon wants a subscription confirmed; it is one of Amazon's own, checked before."""
    try:
        _fetch(address)
    except OSError as error:
        logs.event("subscription not confirmed", level=logs.ERROR, error=error)


def _fetch(address: str) -> bytes:
    try:
        answer = PoolManager().request(
            "GET", address, redirect=False, retries=False, timeout=Timeout(_PATIENCE), preload_content=False
        )
        content = answer.read(_LARGEST)
        answer.close()
    except HTTPError as error:
        raise OSError(type(error).__name__) from None
    if answer.status != HTTPStatus.OK:
        raise OSError(f"answered {answer.status}")
    return content
