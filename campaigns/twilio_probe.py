"""Asks Twilio whether our account may be used, for `doctor`. It sends no message."""

from __future__ import annotations

import base64
import http.client
import json
from urllib.parse import urlsplit

from campaigns.settings import Settings


class TwilioUnusable(Exception):
    """Twilio does not answer, or does not know us."""


def account_status(settings: Settings) -> str:
    """Give what Twilio calls the state of our account: `active`, `suspended` or `closed`.

    Raises `TwilioUnusable` saying what to change.
    """
    base = urlsplit(settings.twilio_base_url or "https://api.twilio.com")
    kind = http.client.HTTPConnection if base.scheme == "http" else http.client.HTTPSConnection
    line = kind(base.hostname or "", base.port, timeout=settings.twilio_timeout.total_seconds())
    account = settings.twilio_account_sid
    key = base64.b64encode(f"{account}:{settings.twilio_auth_token.get_secret_value()}".encode()).decode()
    try:
        line.request("GET", f"/2010-04-01/Accounts/{account}.json", headers={"Authorization": f"Basic {key}"})
        answer = line.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise TwilioUnusable(f"{base.hostname} does not answer: {error}") from None
    finally:
        line.close()
    if answer.status in (http.HTTPStatus.UNAUTHORIZED, http.HTTPStatus.NOT_FOUND):
        raise TwilioUnusable("Twilio does not know this account: check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN")
    try:
        return str(json.loads(body)["status"])
    except (ValueError, KeyError, TypeError):
        raise TwilioUnusable(f"{base.hostname} answered {answer.status}, which is not an account") from None
