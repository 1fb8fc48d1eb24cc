"""One SMTP connection: `smtplib`'s dialogue with deadlines, TLS as configured, and pipelining.

Enter with `open_line`. Nothing here knows about outcomes: it raises, or returns what
the server replied; what that means for a delivery is decided in `smtp.py`.
"""

from __future__ import annotations

import re
import select
import smtplib
import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import Final, Literal

Reply = tuple[int, bytes]

READY_FOR_CONTENT: Final = 354
CLOSING: Final = 421
_READY: Final = 220
_COMMANDS: Final = 3
"""MAIL, RCPT and DATA."""
_LEAST_WAIT: Final = 0.001
_LINE_LIMIT: Final = 8192
_REPLY_LINES: Final = 100
_FULL_NAME: Final = re.compile(r"(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*", re.IGNORECASE)
"""Servers turn away a bare IP address or a name without a dot."""
_BARE: Final = re.compile(rb"\r\n|\r|\n")


class LineLost(smtplib.SMTPServerDisconnected):
    """The connection ended, stayed silent or spoke another language; it must not be used again."""


class TimeUp(LineLost):
    """The server did not answer in time."""


class SecurityMissing(smtplib.SMTPException):
    """The server does not offer the encryption or the login that our settings demand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where to connect, and how."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    """Encryption is never negotiated away: what is set here happens or the connection fails."""
    user: str = ""
    password: str = field(default="", repr=False)
    local_hostname: str = ""
    """What to call ourselves in EHLO, if it is a full host name; else our address as a literal (RFC 5321 §4.1.3)."""
    context: ssl.SSLContext | None = None
    """None verifies the certificate against the machine's authorities."""


class Line(smtplib.SMTP):
    """An open connection whose every wait ends at `deadline`."""

    deadline: float = 0.0
    """On the monotonic clock, in seconds. smtplib's own timeout starts anew with every byte."""

    def __init__(self, sock: socket.socket, local_hostname: str) -> None:
        """Take over a connected socket; the greeting has not been read."""
        super().__init__(local_hostname=local_hostname)
        self.sock = sock
        self._unread = b""
        self._unsaid: list[str] = []
        """Commands of an envelope that wait for the answer to the one before."""
        self._heard: list[Reply] = []
        """Answers to it so far."""

    def getreply(self) -> Reply:
        """Read one reply; raises `LineLost` if it is not one, or not whole before the deadline."""
        texts: list[bytes] = []
        while len(texts) < _REPLY_LINES:
            line = self._read_line()
            code, separator = line[:3], line[3:4]
            if not (code.isdigit() and separator in (b" ", b"-", b"")):
                break
            texts.append(line[4:].strip())
            if separator != b"-":
                return int(code), b"\n".join(texts)
        self.close()
        raise LineLost("what the server said is no SMTP reply")

    def send(self, s: object) -> None:
        """Write everything before the deadline; raises `LineLost` if some of it did not leave."""
        data = s.encode(self.command_encoding) if isinstance(s, str) else s
        sock = self._socket()
        try:
            sock.sendall(data)  # type: ignore[arg-type]  # smtplib hands over str or bytes only
        except TimeoutError:
            self.close()
            raise TimeUp("the server did not read in time") from None
        except OSError:
            self.close()
            raise LineLost("the connection ended while writing") from None

    def stirs(self) -> bool:
        """Say whether the idle connection has something to read, which can only be a goodbye."""
        waiting = select.poll()  # select() itself fails once a process has a thousand files open
        waiting.register(self._socket(), select.POLLIN)
        return bool(waiting.poll(0) or self._unread)

    def encrypt(self, server: Server) -> None:
        """Do STARTTLS (RFC 3207) or raise; nothing said before it is believed afterwards."""
        if not self.has_extn("starttls"):
            raise SecurityMissing("STARTTLS is demanded by our settings and the server does not offer it")
        code, text = self.docmd("STARTTLS")
        if code != _READY:
            raise smtplib.SMTPResponseException(code, text)
        if self._unread:
            raise LineLost("the server went on talking before encryption began")
        self.sock = _wrap(self._socket(), server)
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False

    def say_envelope(self, sender: str, recipient: str, content: bytes) -> None:
        """Send MAIL, RCPT and DATA; `hear_envelope` gives the replies once something can be read.

        They are sent at once to a server that offers PIPELINING (RFC 2920), else one by one.
        """
        options = f" SIZE={len(content)}" if self.has_extn("size") else ""
        if self.has_extn("8bitmime") and not content.isascii():
            options += " BODY=8BITMIME"
        commands = [f"MAIL FROM:<{sender}>{options}\r\n", f"RCPT TO:<{recipient}>\r\n", "DATA\r\n"]
        self._heard = []
        if self.has_extn("pipelining"):
            self._unsaid = []
            self.send("".join(commands))
        else:
            self._unsaid = commands[1:]
            self.send(commands[0])

    def hear_envelope(self) -> tuple[Reply, ...] | None:
        """Give the replies to MAIL, RCPT and DATA up to the first one that says no; None: not all are there yet.

        Afterwards the server either waits for content (the last reply is 354) or no
        transaction has content: a 354 that came in spite of a refusal is answered here by
        ending an empty message, as RFC 2920 §3.1 asks.
        """
        try:
            over = self._hear_more()
        except LineLost:
            if all(is_yes(code) for code, _ in self._heard):
                raise
            over = True  # the server left with a refusal, which stands
        if not over:
            return None
        replies = tuple(self._heard)
        refused = [place for place, (code, _) in enumerate(replies[:2]) if not is_yes(code)]
        if refused and replies[-1][0] == READY_FOR_CONTENT:
            self.send(".\r\n")
            self.getreply()
        return replies[: refused[0] + 1] if refused else replies

    def _hear_more(self) -> bool:
        """Read once, and take the replies that are whole; say whether nothing more is to come."""
        if not self._reply_is_there():
            self._receive()
        while self._reply_is_there():
            reply = self.getreply()
            self._heard.append(reply)
            if len(self._heard) == _COMMANDS or reply[0] == CLOSING:
                return True
            if self._unsaid:
                if not is_yes(reply[0]):
                    return True
                self.send(self._unsaid.pop(0))
        return False

    def _reply_is_there(self) -> bool:
        lines = self._unread.split(b"\n")[:-1]
        return len(lines) >= _REPLY_LINES or any(line[3:4] != b"-" for line in lines)

    def has_more(self) -> bool:
        """Say whether a reply was received already and not read yet."""
        sock = self.sock
        return self._reply_is_there() or (isinstance(sock, ssl.SSLSocket) and sock.pending() > 0)

    def _read_line(self) -> bytes:
        while b"\n" not in self._unread:
            self._receive()
        line, _, self._unread = self._unread.partition(b"\n")
        return line.rstrip(b"\r")

    def _receive(self) -> None:
        sock = self._socket(reading=True)
        try:
            more = sock.recv(_LINE_LIMIT)
        except TimeoutError:
            self.close()
            raise TimeUp("the server did not answer in time") from None
        except OSError:
            more = b""
        if not more or len(self._unread) > _LINE_LIMIT:
            self.close()
            raise LineLost("the server closed the connection")
        self._unread += more

    def _socket(self, *, reading: bool = False) -> socket.socket:
        sock = self.sock
        if sock is None:
            raise LineLost("the connection is closed")
        left = self.deadline - time.monotonic()
        if left <= 0 and reading and self._can_be_read(sock):
            left = _LEAST_WAIT  # it came in time, and we come late
        if left <= 0:
            self.close()
            raise TimeUp("the server did not answer in time")
        sock.settimeout(left)
        return sock

    @staticmethod
    def _can_be_read(sock: socket.socket) -> bool:
        waiting = select.poll()
        waiting.register(sock, select.POLLIN)
        return bool(waiting.poll(0)) or (isinstance(sock, ssl.SSLSocket) and sock.pending() > 0)


def is_yes(code: int) -> bool:
    """Say whether a reply is positive (RFC 5321 §4.2.1)."""
    return code // 100 == 2  # noqa: PLR2004  # the first digit, as the standard writes it


def open_line(server: Server, deadline: float) -> Line:
    """Connect, greet, encrypt and log in before `deadline` (monotonic seconds).

    Raises `OSError` (no connection, TLS), of which `smtplib.SMTPException` is a kind (a reply that
    says no, `LineLost`, `SecurityMissing`), or `UnicodeError` (a login that is not ASCII, a host name
    that cannot be one). Nothing stays open then.
    """
    sock = socket.create_connection((server.host, server.port), max(deadline - time.monotonic(), _LEAST_WAIT))
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if server.security == "tls":
            sock = _wrap(sock, server)
    except BaseException:
        sock.close()
        raise
    full = _FULL_NAME.fullmatch(server.local_hostname)
    line = Line(sock, server.local_hostname if full else _literal(sock))
    line.deadline = deadline
    try:
        _introduce(line, server)
    except BaseException:
        line.close()
        raise
    return line


def _introduce(line: Line, server: Server) -> None:
    code, text = line.getreply()
    if code != _READY:
        raise smtplib.SMTPConnectError(code, text)
    line.ehlo_or_helo_if_needed()
    if server.security == "starttls":
        line.encrypt(server)
        line.ehlo_or_helo_if_needed()
    if server.user:
        if not line.has_extn("auth"):
            raise SecurityMissing("a login is set and the server offers none")
        line.login(server.user, server.password)


def transparent(raw: bytes) -> bytes:
    """Prepare content for DATA: CRLF line ends, leading dots doubled, the final dot added.

    Works for any bytes. A bare CR or LF becomes a line end, because servers disagree about
    them and a disagreement about where a message ends lets one message become two.
    """
    ends = raw.count(b"\r\n")
    if raw.count(b"\n") != ends or raw.count(b"\r") != ends:
        raw = _BARE.sub(b"\r\n", raw)
    stuffed = raw.replace(b"\r\n.", b"\r\n..")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    if not stuffed.endswith(b"\r\n"):
        stuffed += b"\r\n"
    return stuffed + b".\r\n"


def _wrap(sock: socket.socket, server: Server) -> ssl.SSLSocket:
    context = server.context or ssl.create_default_context()
    return context.wrap_socket(sock, server_hostname=server.host)


def _literal(sock: socket.socket) -> str:
    address = sock.getsockname()[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
