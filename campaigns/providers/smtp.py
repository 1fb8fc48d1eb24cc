"""Email over SMTP: one kept-open connection per lane, and what each reply means for a delivery.

Enter with `Smtp`. The decisive question of every fault is whether the final dot had
left: before it nothing was sent, after it and before the reply nobody can know. What a reply means
for address and stream is looked up (`campaigns/rules/smtp_replies.toml`), not decided here.
"""

from __future__ import annotations

import contextlib
import math
import re
import smtplib
import ssl
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final, Literal

from campaigns.domain.messages import Accepted, Deferred, Email, Found, Message, Outcome, Refused, Trace, Unknown
from campaigns.domain.rulings import Act, SmtpTable, enhanced_of, judge_reply
from campaigns.domain.steps import Channel
from campaigns.providers.errand import Errand
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
from campaigns.providers.smtp_words import as_bytes, reason, why_not_open

_ADDRESS: Final = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]+@[\x21-\x3b\x3d\x3f-\x7e]+")
_QUEUE_ID: Final = re.compile(rb"(?:queued as |id=|^(?:2\.0\.0 )?ok:? (?!queued|id=))([\w.+/-]{6,128})", re.IGNORECASE)
"""How Postfix, Exim and the big relays name what they took."""
_LOGIN_NEEDED: Final = frozenset({530, 534, 535, 538})
_FINAL_DOT: Final = b".\r\n"
_RESET_DONE: Final = 250
_TRY_LATER, _FOR_GOOD = range(400, 500), range(500, 600)
_GOODBYE: Final = 1.0
"""Seconds that a server gets to answer QUIT."""


class Smtp:
    """A provider that speaks SMTP to one server, usually the clinic's relay."""

    name = "smtp"
    channel = Channel.EMAIL
    captures = False

    def __init__(  # noqa: PLR0913  # the facts of one server, all by keyword
        self,
        host: str,
        port: int,
        *,
        table: SmtpTable,
        sender: str = "",
        security: Literal["starttls", "tls", "none"] = "starttls",
        user: str = "",
        password: str = "",
        timeout: timedelta = timedelta(seconds=30),
        local_hostname: str = "",
        context: ssl.SSLContext | None = None,
        idle: timedelta = timedelta(seconds=60),
    ) -> None:
        """Take the server's facts and the table that its replies are judged by; nothing is opened.

        `sender` is our domain, as staff see it. `timeout` is what reaching the final dot may take,
        connecting included, and once more what the answer to it may take. A connection unused for
        `idle` is renewed before use, because a firewall may have forgotten it without telling either end.
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
        self.sender = sender
        self._table = table
        self._timeout = timeout.total_seconds()
        self._idle = idle.total_seconds()

    def connect(self) -> SmtpConnection:
        """Give a new line; nothing is opened until its first hand-off."""
        return SmtpConnection(self._server, self._table, self._timeout, self._idle)

    def ask(self, _trace: Trace) -> Found | None:
        """Give None: SMTP cannot be asked what became of a message."""
        return None


@dataclass(slots=True)
class _Begun:
    """A hand-off under way."""

    message: Email
    content: bytes
    kept: bool
    """The connection was open before."""
    deadline: float
    dotted: bool = False
    """The final dot has left."""


class SmtpConnection:
    """A lane's line to the server; for one thread at a time."""

    def __init__(self, server: Server, table: SmtpTable, timeout: float, idle: float) -> None:
        """Take the times in seconds."""
        self._server = server
        self._table = table
        self._timeout = timeout
        self._idle = idle
        self._line: Line | None = None
        self._used = 0.0
        self._begun: _Begun | None = None
        self._opening: Errand[Line] | None = None
        """Connecting, which takes several round trips, does not keep the other lines waiting."""

    def hand_off(self, message: Message) -> Outcome:
        """Give one email to the server; see `Connection`. Takes at most twice the timeout.

        If the kept-open connection turns out to be gone before any content was sent, the
        message is tried once more on a new one: nothing can have left.
        """
        outcome = self.begin(message)
        while outcome is None:
            outcome = self.advance()
        return outcome

    def begin(self, message: Message) -> Outcome | None:
        """Send the envelope, or begin to connect; see `Connection`."""
        if not isinstance(message, Email):
            raise TypeError(f"SMTP cannot carry {type(message).__name__}")
        for address, ours in ((message.envelope_from, True), (message.recipient, False)):
            if not _ADDRESS.fullmatch(address):
                unwritable = (553, b"5.1.3 the address cannot be written in an SMTP envelope")
                return self._judge(unwritable, message.recipient, ours=ours)
        if self._line:
            self._drop_if_stale(self._line)
        content = message.raw + _FINAL_DOT if message.wire else transparent(message.raw)
        return self._start(message, content, time.monotonic() + self._timeout)

    def advance(self) -> Outcome | None:
        """Read the replies to the envelope and send the content, or read the reply to that; or go on once connected."""
        begun, line = self._begun, self._line
        assert begun is not None
        if line is None:
            return self._connected(begun)
        if begun.dotted:
            self._begun = None
            return self._end(line, begun.message.recipient)
        try:
            replies = line.hear_envelope()
        except LineLost as lost:
            return self._lost(line, begun, lost)
        return None if replies is None else self._after_envelope(line, begun, replies)

    def waits_for(self) -> tuple[int, float]:
        """See `Connection`; what was received with an earlier reply is there at once."""
        if self._opening is not None and self._opening.under_way:
            return self._opening.hears, math.inf  # connecting ends at its own deadline
        line = self._line
        assert line is not None
        assert line.sock is not None
        return line.sock.fileno(), 0.0 if line.has_more() else line.deadline

    def close(self) -> None:
        """Say QUIT if the line is up; never raises."""
        self._begun = None
        if self._opening is not None:
            self._opening.close(Line.close)
            self._opening = None
        line, self._line = self._line, None
        if line:
            line.deadline = time.monotonic() + _GOODBYE
            with contextlib.suppress(LineLost):
                line.docmd("QUIT")
            line.close()

    def _start(self, message: Email, content: bytes, deadline: float) -> Outcome | None:
        self._begun = begun = _Begun(message, content, self._line is not None, deadline)
        if self._line is None:
            if self._opening is None:
                self._opening = Errand()
            self._opening.begin(partial(open_line, self._server, deadline))
            return None
        self._line.deadline = deadline
        return self._envelope(self._line, begun)

    def _connected(self, begun: _Begun) -> Outcome | None:
        assert self._opening is not None
        try:
            line = self._line = self._opening.end()
        except (OSError, UnicodeError) as fault:
            self._begun = None
            return self._shut(fault, begun.message.recipient)
        line.deadline = begun.deadline
        return self._envelope(line, begun)

    def _envelope(self, line: Line, begun: _Begun) -> Outcome | None:
        message = begun.message
        try:
            line.say_envelope(message.envelope_from, message.recipient, begun.content)
        except LineLost as lost:
            return self._lost(line, begun, lost)
        return None

    def _lost(self, line: Line, begun: _Begun, lost: LineLost) -> Outcome | None:
        """The connection went before any content was sent."""
        self._drop(line)
        if begun.kept and not isinstance(lost, TimeUp):
            return self._start(begun.message, begun.content, begun.deadline)
        self._begun = None
        return Deferred(f"connection: {lost}", door=True)

    def _after_envelope(self, line: Line, begun: _Begun, replies: tuple[Reply, ...]) -> Outcome | None:
        if replies[-1][0] == READY_FOR_CONTENT:
            return self._content(line, begun)
        if begun.kept and replies[0][0] == CLOSING:
            self._drop(line)
            return self._start(begun.message, begun.content, begun.deadline)
        self._begun = None
        # A refused MAIL is about our own address, not about the recipient.
        return self._settle_refusal(line, replies[-1], begun.message.recipient, ours=len(replies) == 1)

    def _content(self, line: Line, begun: _Begun) -> Outcome | None:
        line.deadline = time.monotonic() + self._timeout
        try:
            line.send(begun.content)
        except LineLost as lost:
            # The dot is the last thing written, so it did not leave.
            self._drop(line)
            self._begun = None
            return Deferred(f"connection: {lost}", door=True)
        begun.dotted = True
        return None

    def _end(self, line: Line, recipient: str) -> Outcome:
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

    def _settle_refusal(self, line: Line, reply: Reply, recipient: str, *, ours: bool = False) -> Outcome:
        code, _ = reply
        self._reset(line, usable=code != CLOSING and (code in _TRY_LATER or code in _FOR_GOOD))
        return self._judge(reply, recipient, ours=ours)

    def _judge(self, reply: Reply, recipient: str, *, door: bool = False, ours: bool = False) -> Outcome:
        code, text = reply
        words = text.decode("utf-8", "replace")
        said = f"login: {reason(reply, recipient)}" if code in _LOGIN_NEEDED else reason(reply, recipient)
        ruling = judge_reply(self._table, code, enhanced_of(words, code), words, ours=ours)
        # A server that turns us away turns this message away only until it lets us in again.
        if ruling.act is Act.REFUSE and not door:
            return Refused(said, ruling)
        return Deferred(said, ruling=ruling, door=door)

    def _shut(self, fault: OSError | UnicodeError, recipient: str) -> Outcome:
        """Say why no connection could be opened; whatever it is, the message did not leave."""
        if isinstance(fault, smtplib.SMTPResponseException):
            return self._judge((fault.smtp_code, as_bytes(fault.smtp_error)), recipient, door=True, ours=True)
        return Deferred(why_not_open(fault), door=True)

    def _reset(self, line: Line, *, usable: bool) -> None:
        try:
            if usable and line.docmd("RSET")[0] == _RESET_DONE:
                self._used = time.monotonic()
                return
        except LineLost:
            pass
        self._drop(line)

    def _drop_if_stale(self, line: Line) -> None:
        line.deadline = time.monotonic() + self._timeout
        if line.stirs() or time.monotonic() - self._used > self._idle:
            self._drop(line)

    def _drop(self, line: Line) -> None:
        line.close()
        self._line = None
