"""Text messages over Twilio, and what each of its answers means for a delivery.

Enter with `Twilio`. Creating a message has no idempotency key at Twilio, so the decisive
question of every fault is whether the request can have been read: only where that is ruled
out may the message be tried again. Nothing here logs or repeats a number or a body.
"""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from typing import Final
from urllib.parse import urlencode, urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

from twilio.base import values
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3 import BaseHTTPResponse, PoolManager, ProxyManager, Timeout, make_headers
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProxyError

from campaigns.domain.messages import (
    Accepted,
    Deferred,
    Found,
    Message,
    Outcome,
    Refused,
    Text,
    Trace,
    Unknown,
    fingerprint,
)
from campaigns.domain.rulings import Act, ToStream, TwilioTable, judge_code
from campaigns.domain.steps import Channel
from campaigns.providers.in_thread import InThread

_TWILIO: Final = "https://api.twilio.com"
_FAILED: Final = 500
_PIECE: Final = 65_536
_PAGE: Final = 100
"""Messages to one number that are looked through for one in doubt, the newest first."""
_EARLY, _LATE = timedelta(seconds=5), timedelta(seconds=120)
"""How far Twilio's clock may be from ours, and how long a request may have been under way."""
_VALID: Final = (10, 14_400)
"""Seconds: Twilio advises more than 5 at least; one of its own pages has 14,400 as the most."""
_LONGEST_WAIT: Final = 86_400
"""Seconds: whoever asks us to stay away for longer is asked again."""
_NOT_SENT: Final = (NewConnectionError, ConnectTimeoutError, ProxyError, ssl.SSLCertVerificationError)
"""Faults from before the first byte of the request: refused, no route, no such host, no trust."""


class Twilio:
    """A provider that hands text messages to one Twilio account."""

    name = "twilio"
    channel = Channel.SMS
    captures = False

    def __init__(  # the facts of one account, all by keyword
        self,
        *,
        table: TwilioTable,
        account_sid: str,
        auth_token: str,
        callback_url: Callable[[Text], str],
        messaging_service_sid: str = "",
        from_: str = "",
        base_url: str = "",
        timeout: timedelta = timedelta(seconds=10),
    ) -> None:
        """Take the account's facts and the table that Twilio's codes are judged by; nothing is opened.

        `callback_url` says where Twilio reports what became of a text; it must contain that text's
        own token, so that a report finds its delivery even if we never learned Twilio's name for it.
        A messaging service wins over a sender number. An empty `base_url` means Twilio's own.
        `timeout` is the longest wait for a connection, and again for the answer.
        """
        self.sender = messaging_service_sid or from_
        self._table = table
        self._login = (account_sid, auth_token)
        self._sender = {"messaging_service_sid": messaging_service_sid} if messaging_service_sid else {"from_": from_}
        self._callback_url = callback_url
        self._base_url = base_url
        self._timeout = timeout.total_seconds()

    def connect(self) -> TwilioConnection:
        """Give a new line; nothing is opened until its first hand-off."""
        http = _Http(self._base_url, self._timeout)
        return TwilioConnection(http, self._login, self._table, self._sender, self._callback_url)

    def ask(self, trace: Trace) -> Found | None:
        """Look through what Twilio has for the number; None if it does not answer.

        Not by the time of sending, which a message that waits in Twilio's queue does not have yet.
        """
        line = self.connect()
        try:
            return line.look_for(trace)
        finally:
            line.close()


class TwilioConnection(InThread):
    """A lane's line: a client with one kept-open HTTP connection, and the thread that waits for its answers."""

    def __init__(
        self,
        http: _Http,
        login: tuple[str, str],
        table: TwilioTable,
        sender: dict[str, str],
        callback_url: Callable[[Text], str],
    ) -> None:
        """Take what `Twilio` prepared."""
        self._http = http
        client = Client(*login, http_client=http)
        # Here, because the SDK loads it at the first touch, which takes a second that the first text cannot spare.
        self._messages = client.messages
        self._table = table
        self._sender = sender
        self._callback_url = callback_url

    def hand_off(self, message: Message) -> Outcome:
        """Give one text to Twilio; see `Connection`. Never sends a request twice."""
        if not isinstance(message, Text):
            raise TypeError(f"Twilio cannot carry {type(message).__name__}")
        self._http.retry_after = None
        try:
            created = self._messages.create(
                to=message.recipient,
                body=message.body,
                status_callback=self._callback_url(message) or values.unset,
                validity_period=_validity(message.valid_for),
                **self._sender,
            )
        except (TwilioRestException, TwilioServiceException) as fault:
            return self._judge(int(fault.status), fault.code)
        except HTTPError as fault:
            return _judge_lost(fault)
        except (TwilioException, ValueError, KeyError, TypeError, AttributeError):
            # The SDK could not make sense of an answer that said yes.
            return Unknown("Twilio answered with something that is no message")
        return Accepted(str(created.sid)) if created.sid else Unknown("Twilio's answer names no message")

    def look_for(self, trace: Trace) -> Found | None:
        """See `Twilio.ask`."""
        try:
            known = self._messages.list(to=trace.recipient, page_size=_PAGE, limit=_PAGE)
        except (TwilioException, TwilioServiceException, HTTPError, ValueError, KeyError, TypeError, AttributeError):
            return None
        first, last = trace.opened_at - _EARLY, trace.opened_at + _LATE
        ours = [
            one
            for one in known
            if one.direction == "outbound-api"
            and one.date_created is not None
            and first <= one.date_created.astimezone(UTC) <= last
            and fingerprint(one.body or "") == trace.fingerprint
        ]
        return Found(tuple(str(one.sid) for one in reversed(ours)))

    def hang_up(self) -> None:
        """Close the kept-open connection; never raises."""
        self._http.close()

    def _judge(self, status: int, raw_code: object) -> Outcome:
        code = raw_code if isinstance(raw_code, int) else None
        ruling = judge_code(self._table, code, status, callback=False)
        reason = f"{code or status} {ruling.words}"
        if ruling.act is Act.UNKNOWN or (status >= _FAILED and ruling.act is not Act.RETRY):
            return Unknown(f"{status} Twilio failed after it was asked")
        if ruling.act is Act.RETRY:
            # Turned away is the account, not this text: it must go once the account is mended.
            away = ruling.stream is ToStream.PAUSE
            return Deferred(f"login: {reason}" if away else reason, self._http.retry_after, ruling, door=away)
        return Refused(reason, ruling)


class _Http(HttpClient):  # type: ignore[misc]  # twilio ships no types
    """Twilio's HTTP client on urllib3: one kept-open connection, no retries, no log, `Retry-After` kept.

    The one it brings along spends a third of a core on two hundred texts a second.
    """

    retry_after: timedelta | None = None
    """What the last answer asked us to wait."""

    def __init__(self, base_url: str, timeout: float) -> None:
        super().__init__(logging.getLogger("twilio"), is_async=False, timeout=timeout)
        self._base = urlsplit(base_url)
        self._patience = timeout
        self._pool = _pool(base_url or _TWILIO, Timeout(timeout))

    def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002  # the SDK's own signature; ours is the pool's
        allow_redirects: bool = False,  # noqa: FBT001, FBT002  # the SDK's own signature
    ) -> Response:
        sent = dict(headers or {})
        if auth:
            sent |= make_headers(basic_auth=":".join(auth))
        body = urlencode(data, doseq=True) if data is not None else None
        until = time.monotonic() + self._patience
        address = self._address(url, params)
        answer = self._pool.request(
            method, address, body=body, headers=sent, redirect=allow_redirects, preload_content=False
        )
        asked = answer.headers.get("Retry-After", "")
        self.retry_after = timedelta(seconds=min(int(asked[:9]), _LONGEST_WAIT)) if asked.isdecimal() else None
        return Response(answer.status, _whole(answer, until).decode("utf-8", "replace"), answer.headers)

    def _address(self, url: str, params: dict[str, object] | None) -> str:
        parts = urlsplit(url)
        query = "&".join(filter(None, (parts.query, urlencode(params or {}, doseq=True))))
        if not self._base.netloc:
            return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))
        path = self._base.path.rstrip("/") + parts.path
        return urlunsplit((self._base.scheme, self._base.netloc, path, query, ""))

    def close(self) -> None:
        self._pool.clear()


def _whole(answer: BaseHTTPResponse, until: float) -> bytes:
    """Read an answer to its end; raises urllib3's `HTTPError` if that takes too long or it breaks off.

    The pool's own timeout begins anew with every byte, and a server may drip them.
    """
    pieces = []
    while piece := answer.read1(_PIECE):
        pieces.append(piece)
        if time.monotonic() > until:
            answer.close()
            raise HTTPError("the answer took too long")
    answer.release_conn()
    return b"".join(pieces)


def _pool(address: str, timeout: Timeout) -> PoolManager:
    """Give a pool of one connection, through the machine's proxy if it has one for this address."""
    parts = urlsplit(address)
    proxy = getproxies().get(parts.scheme)
    if proxy and not proxy_bypass(parts.hostname or ""):
        return ProxyManager(proxy, num_pools=1, maxsize=1, retries=False, timeout=timeout)
    return PoolManager(num_pools=1, maxsize=1, retries=False, timeout=timeout)


def _validity(valid_for: timedelta | None) -> object:
    if valid_for is None:
        return values.unset
    least, most = _VALID
    return int(min(max(valid_for.total_seconds(), least), most))


def _judge_lost(fault: HTTPError) -> Outcome:
    causes = list(_causes(fault))
    if any(isinstance(cause, _NOT_SENT) for cause in causes):
        untrusted = any(isinstance(cause, ssl.SSLError) for cause in causes)
        return Deferred(
            "TLS: Twilio's certificate is not trusted" if untrusted else "connection: Twilio is out of reach", door=True
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
