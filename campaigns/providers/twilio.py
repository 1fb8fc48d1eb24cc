"""Text messages over Twilio, and what each of its answers means for a delivery.

Enter with `Twilio`. Creating a message has no idempotency key at Twilio, so the decisive
question of every fault is whether the request can have been read: only where that is ruled
out may the message be tried again. Nothing here logs or repeats a number or a body.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from requests.adapters import HTTPAdapter
from requests.exceptions import RequestException
from twilio.base import values
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from campaigns.domain.messages import Accepted, Deferred, Message, Outcome, Refused, Text, Unknown
from campaigns.domain.steps import Channel

_UNAUTHORIZED: Final = 401
_TOO_MANY: Final = 429
_FAULTY: Final = range(400, 500)
_LOGIN: Final = frozenset({20003, 20005, 20008})
_LATER: Final = {
    20429: "too many requests at once",
    21611: "the sender's queue is full",
    21730: "Twilio is being maintained",
    60728: "the account's hourly limit is reached",
    63017: "the account sends too fast",
    63038: "the account's daily limit is reached",
}
_REFUSALS: Final = {
    21211: "the number is not valid",
    21408: "texts to this region are not allowed by the account",
    21606: "our sender cannot send texts",
    21608: "the account may not text this number yet",
    21610: "the recipient has opted out with STOP",
    21612: "our sender cannot reach this number",
    21614: "the number cannot receive texts",
    21617: "the text is too long",
    21635: "the number is a landline",
    21703: "the messaging service has no sender",
    21704: "no sender of the messaging service fits",
}
_NOT_SENT: Final = (NewConnectionError, ConnectTimeoutError, ssl.SSLCertVerificationError)
"""Faults from before the first byte of the request: refused, no route, no such host, no trust."""


class Twilio:
    """A provider that hands text messages to one Twilio account."""

    name = "twilio"
    channel = Channel.SMS

    def __init__(  # the facts of one account, all by keyword
        self,
        *,
        account_sid: str,
        auth_token: str,
        callback_url: Callable[[Text], str],
        messaging_service_sid: str = "",
        from_: str = "",
        base_url: str = "",
        timeout: timedelta = timedelta(seconds=10),
    ) -> None:
        """Take the account's facts; nothing is opened.

        `callback_url` says where Twilio reports what became of a text; it must contain that text's
        own token, so that a report finds its delivery even if we never learned Twilio's name for it.
        A messaging service wins over a sender number. An empty `base_url` means Twilio's own.
        `timeout` is the longest wait for a connection, and again for the answer.
        """
        self._login = (account_sid, auth_token)
        self._sender = {"messaging_service_sid": messaging_service_sid} if messaging_service_sid else {"from_": from_}
        self._callback_url = callback_url
        self._base_url = base_url
        self._timeout = timeout.total_seconds()

    def connect(self) -> TwilioConnection:
        """Give a new line; nothing is opened until its first hand-off."""
        http = _Http(self._base_url, self._timeout)
        return TwilioConnection(http, self._login, self._sender, self._callback_url)


class TwilioConnection:
    """A lane's line: a client with one kept-open HTTP connection, for one thread at a time."""

    def __init__(
        self, http: _Http, login: tuple[str, str], sender: dict[str, str], callback_url: Callable[[Text], str]
    ) -> None:
        """Take what `Twilio` prepared."""
        self._http = http
        self._client = Client(*login, http_client=http)
        self._sender = sender
        self._callback_url = callback_url

    def hand_off(self, message: Message) -> Outcome:
        """Give one text to Twilio; see `Connection`. Never sends a request twice."""
        if not isinstance(message, Text):
            raise TypeError(f"Twilio cannot carry {type(message).__name__}")
        self._http.retry_after = None
        try:
            created = self._client.messages.create(
                to=message.recipient,
                body=message.body,
                status_callback=self._callback_url(message) or values.unset,
                **self._sender,
            )
        except (TwilioRestException, TwilioServiceException) as fault:
            return self._judge(int(fault.status), fault.code)
        except RequestException as fault:
            return _judge_lost(fault)
        except (TwilioException, ValueError, KeyError, TypeError, AttributeError):
            # The SDK could not make sense of an answer that said yes.
            return Unknown("Twilio answered with something that is no message")
        return Accepted(str(created.sid)) if created.sid else Unknown("Twilio's answer names no message")

    def close(self) -> None:
        """Close the kept-open connection; never raises."""
        self._http.close()

    def _judge(self, status: int, raw_code: object) -> Outcome:
        code = raw_code if isinstance(raw_code, int) else status
        if status == _TOO_MANY:
            return Deferred(f"{code} {_LATER[20429]}", self._http.retry_after)
        if status == _UNAUTHORIZED or code in _LOGIN:
            # Twilio turns us away, not this text: it must go once the account is mended.
            return Deferred(f"login: {code} Twilio does not accept our account")
        if status not in _FAULTY:
            return Unknown(f"{status} Twilio failed after it was asked")
        if code in _LATER:
            return Deferred(f"{code} {_LATER[code]}", self._http.retry_after)
        return Refused(f"{code} {_REFUSALS.get(code, 'Twilio refused the text')}")


class _Http(TwilioHttpClient):  # type: ignore[misc]  # twilio ships no types
    """Twilio's HTTP client: another address if wanted, no retries, no request log, `Retry-After` kept."""

    retry_after: timedelta | None = None
    """What the last answer asked us to wait."""

    def __init__(self, base_url: str, timeout: float) -> None:
        super().__init__(timeout=timeout)
        self._base = urlsplit(base_url)
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0))

    def request(self, method: str, url: str, *rest: Any, **options: Any) -> Response:
        if self._base.netloc:
            path = self._base.path.rstrip("/") + urlsplit(url).path
            url = urlunsplit((self._base.scheme, self._base.netloc, path, urlsplit(url).query, ""))
        response = super().request(method, url, *rest, **options)
        asked = str(response.headers.get("Retry-After", ""))
        self.retry_after = timedelta(seconds=int(asked)) if asked.isdecimal() else None
        return response

    def log_request(self, kwargs: Any) -> None:
        """Say nothing: it would print recipients at some levels."""

    def log_response(self, status_code: int, response: Any) -> None:
        """Say nothing."""

    def close(self) -> None:
        self.session.close()


def _judge_lost(fault: RequestException) -> Outcome:
    causes = list(_causes(fault))
    if any(isinstance(cause, _NOT_SENT) for cause in causes):
        untrusted = any(isinstance(cause, ssl.SSLError) for cause in causes)
        return Deferred(
            "TLS: Twilio's certificate is not trusted" if untrusted else "connection: Twilio is out of reach"
        )
    return Unknown(f"the answer of Twilio was lost ({type(fault).__name__})")


def _causes(fault: BaseException) -> Iterator[BaseException]:
    """Give the fault and everything it wraps; urllib3 wraps in arguments, attributes and contexts alike."""
    waiting: list[BaseException] = [fault]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop()
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        wrapped = (cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args)
        waiting.extend(one for one in wrapped if isinstance(one, BaseException))
