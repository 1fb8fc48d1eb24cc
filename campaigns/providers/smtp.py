"""Email over SMTP: one kept-open connection per lane, and what each reply means for a delivery.

Enter with `Smtp`. The decisive question of every fault is whether the final dot had
left: before it nothing was sent, after it and before the reply nobody can know. Retries
over minutes, suppression and pausing are not decided here.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
import time
from datetime import timedelta
from typing import Final, Literal

from campaigns.domain.messages import Accepted, Deferred, Email, Message, Outcome, Refused, Unknown
from campaigns.domain.steps import Channel
from campaigns.providers.smtp_line import (
    CLOSING,
    READY_FOR_CONTENT,
    Line,
    LineLost,
    Reply,
    Server,
    TimeUp,
    is_yes,
    open_line,
    transparent,
)

_ADDRESS: Final = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]+@[\x21-\x3b\x3d\x3f-\x7e]+")
_ADDRESS_IN_TEXT: Final = re.compile(r"\S+@\S+")
_QUEUE_ID: Final = re.compile(rb"(?:queued as |id=|^(?:2\.0\.0 )?ok:? (?!queued|id=))([\w.+/-]{6,128})", re.IGNORECASE)
"""How Postfix, Exim and the big relays name what they took."""
_RESET_DONE: Final = 250
_TRY_LATER: Final = range(400, 500)
_FOR_GOOD: Final = range(500, 600)
_LOGIN_NEEDED: Final = frozenset({530, 534, 535, 538})
_REASON_LIMIT: Final = 200
_GOODBYE: Final = 1.0
"""Seconds that a server gets to answer QUIT."""


class Smtp:
    """A provider that speaks SMTP to one server, usually the clinic's relay."""

    name = "smtp"
    channel = Channel.EMAIL

    def __init__(  # the facts of one server, all by keyword
        self,
        host: str,
        port: int,
        *,
        security: Literal["starttls", "tls", "none"] = "starttls",
        user: str = "",
        password: str = "",
        timeout: timedelta = timedelta(seconds=30),
        local_hostname: str = "",
        context: ssl.SSLContext | None = None,
        idle: timedelta = timedelta(seconds=60),
    ) -> None:
        """Take the server's facts; nothing is opened.

        `timeout` is what reaching the final dot may take, connecting included, and once more
        what the answer to it may take. A connection unused for `idle` is renewed before use,
        because a firewall may have forgotten it without telling either end.
        """
        self._server = Server(
            host=host,
            port=port,
            security=security,
            user=user,
            password=password,
            local_hostname=local_hostname,
            context=context,
        )
        self._timeout = timeout.total_seconds()
        self._idle = idle.total_seconds()

    def connect(self) -> SmtpConnection:
        """Give a new line; nothing is opened until its first hand-off."""
        return SmtpConnection(self._server, self._timeout, self._idle)


class SmtpConnection:
    """A lane's line to the server; for one thread at a time."""

    def __init__(self, server: Server, timeout: float, idle: float) -> None:
        """Take the times in seconds."""
        self._server = server
        self._timeout = timeout
        self._idle = idle
        self._line: Line | None = None
        self._used = 0.0

    def hand_off(self, message: Message) -> Outcome:
        """Give one email to the server; see `Connection`. Takes at most twice the timeout.

        If the kept-open connection turns out to be gone before any content was sent, the
        message is tried once more on a new one: nothing can have left.
        """
        if not isinstance(message, Email):
            raise TypeError(f"SMTP cannot carry {type(message).__name__}")
        if not all(_ADDRESS.fullmatch(one) for one in (message.envelope_from, message.recipient)):
            return Refused("553 5.1.3 the address cannot be written in an SMTP envelope")
        if self._line:
            self._drop_if_stale(self._line)
        content = transparent(message.raw)
        return self._attempt(message, content, time.monotonic() + self._timeout)

    def close(self) -> None:
        """Say QUIT if the line is up; never raises."""
        line, self._line = self._line, None
        if line:
            line.deadline = time.monotonic() + _GOODBYE
            with contextlib.suppress(LineLost):
                line.docmd("QUIT")
            line.close()

    def _attempt(self, message: Email, content: bytes, deadline: float) -> Outcome:
        kept = self._line is not None
        try:
            line = self._open(deadline)
        except (OSError, UnicodeError) as fault:
            return Deferred(_why_not_open(fault, message.recipient))
        try:
            replies = line.envelope(message.envelope_from, message.recipient, content)
        except LineLost as lost:
            self._drop(line)
            if kept and not isinstance(lost, TimeUp):
                return self._attempt(message, content, deadline)
            return Deferred(f"connection: {lost}")
        if replies[-1][0] == READY_FOR_CONTENT:
            return self._content(line, content, message.recipient)
        if kept and replies[0][0] == CLOSING:
            self._drop(line)
            return self._attempt(message, content, deadline)
        return self._settle_refusal(line, replies[-1], message.recipient)

    def _content(self, line: Line, content: bytes, recipient: str) -> Outcome:
        line.deadline = time.monotonic() + self._timeout
        try:
            line.send(content)
        except LineLost as lost:
            # The dot is the last thing written, so it did not leave.
            self._drop(line)
            return Deferred(f"connection: {lost}")
        try:
            code, text = line.getreply()
        except LineLost as lost:
            self._drop(line)
            return Unknown(f"after the final dot: {lost}")
        if is_yes(code):
            self._used = time.monotonic()
            found = _QUEUE_ID.search(text)
            return Accepted(found.group(1).decode() if found else "")
        if code not in _TRY_LATER and code not in _FOR_GOOD:
            self._drop(line)
            return Unknown(f"after the final dot: {code} is no answer to it")
        return self._settle_refusal(line, (code, text), recipient)

    def _settle_refusal(self, line: Line, reply: Reply, recipient: str) -> Outcome:
        code, _ = reply
        reason = _reason(reply, recipient)
        self._reset(line, usable=code != CLOSING and (code in _TRY_LATER or code in _FOR_GOOD))
        if code in _LOGIN_NEEDED:
            # The server turns us away, not this message: it must go once the login is mended.
            return Deferred(f"login: {reason}")
        return Refused(reason) if code in _FOR_GOOD else Deferred(reason)

    def _reset(self, line: Line, *, usable: bool) -> None:
        try:
            if usable and line.docmd("RSET")[0] == _RESET_DONE:
                self._used = time.monotonic()
                return
        except LineLost:
            pass
        self._drop(line)

    def _open(self, deadline: float) -> Line:
        if self._line is None:
            self._line = open_line(self._server, deadline)
        self._line.deadline = deadline
        return self._line

    def _drop_if_stale(self, line: Line) -> None:
        line.deadline = time.monotonic() + self._timeout
        if line.stirs() or time.monotonic() - self._used > self._idle:
            self._drop(line)

    def _drop(self, line: Line) -> None:
        line.close()
        self._line = None


def _why_not_open(fault: OSError | UnicodeError, recipient: str) -> str:
    match fault:
        case UnicodeError():
            return "login: user or password has characters that SMTP cannot carry"
        case smtplib.SMTPResponseException():
            said = _reason((fault.smtp_code, _bytes(fault.smtp_error)), recipient)
            return f"login: {said}" if isinstance(fault, smtplib.SMTPAuthenticationError) else said
        case smtplib.SMTPException():
            return f"connection: {fault}"
        case ssl.SSLCertVerificationError():
            return f"TLS: the server's certificate is not trusted ({fault.verify_message})"
        case ssl.SSLError():
            return f"TLS: {fault.reason or 'the handshake failed'}"
    return f"connection: {fault.strerror or 'the server did not answer in time'}"


def _bytes(text: bytes | str) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _reason(reply: Reply, recipient: str) -> str:
    """Say what the server said, code first, with every address and the recipient's name taken out."""
    code, text = reply
    words = text.decode("utf-8", "replace")
    printable = "".join(letter if letter.isprintable() else " " for letter in words)
    without = _ADDRESS_IN_TEXT.sub("(address)", printable)
    local = re.escape(recipient.rpartition("@")[0])
    without = re.sub(rf"(?<![\w.]){local}(?![\w.])", "(address)", without, flags=re.IGNORECASE)
    return f"{code} {' '.join(without.split())}"[:_REASON_LIMIT].strip()
