"""A mailbox read over IMAP: what came is handed out, and put away only once it is kept elsewhere.

Enter with `Mailbox`: `take`, store, `done`. Until `done` a mail stays unseen where it was, so that
a crash in between means reading it again, never losing it. One thread uses one mailbox at a time.
"""

from __future__ import annotations

import base64
import contextlib
import imaplib
import re
import ssl
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal, Self

from campaigns.errors import ProviderUnusable

_FAULTS: Final = (imaplib.IMAP4.error, OSError, ValueError, LookupError, OverflowError, AttributeError, TypeError)
"""What the library raises: its own words, the network's, and what its parser stumbles over."""
_SLACK: Final = 100_000
"""Bytes that a literal may be longer than what was asked for."""
_BODY: Final = re.compile(rb"BODY\[\](?:<0>)? (?:\{(\d+)\}$|\"((?:[^\"\\]|\\.)*)\"|NIL)", re.DOTALL)
_UID: Final = re.compile(rb"\bUID (\d{1,20})")
_SIZE: Final = re.compile(rb"\bRFC822\.SIZE (\d{1,20})")
_CODE: Final = re.compile(rb"\[([A-Z][A-Z0-9-]{1,40})")
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]")
_NOT_PLAIN: Final = re.compile(r"[^\x20-\x7e]+")
_ESCAPED: Final = re.compile(rb"\\(.)", re.DOTALL)


class MailboxUnusable(ProviderUnusable):
    """The mailbox cannot be read."""

    default = "The mailbox cannot be read: check its server, login and folders."


@dataclass(frozen=True, slots=True)
class Taken:
    """A mail that was handed out and still lies where it was."""

    uid: int
    raw: bytes
    size: int
    """What the server says the whole mail measures; more than `raw` if the mail was cut."""


class Mailbox:
    """One folder of a mailbox whose mail is for us to read; nothing is opened before the first `take`."""

    def __init__(  # the facts of one mailbox
        self,
        host: str,
        port: int,
        user: str,
        password: str,
        *,
        security: Literal["tls", "starttls", "none"] = "tls",
        folder: str = "INBOX",
        done_folder: str = "Processed",
        timeout: timedelta = timedelta(seconds=30),
        largest: int = 5_000_000,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """Take the mailbox's facts.

        `timeout` is the longest silence of the server. Of a mail larger than `largest` bytes only so many
        are fetched, from its front. Encryption is never negotiated away; a `context` of None verifies the
        certificate against the machine's authorities.
        """
        self._place = (host, port)
        self._login = (user, password)
        self._security = security
        self._folders = (_quoted(_written(folder)), _quoted(_written(done_folder)))
        self._timeout = timeout.total_seconds()
        self._largest = largest
        self._context = context
        self._line: _Line | None = None
        self._can: frozenset[str] = frozenset()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def take(self, limit: int) -> Iterator[Taken]:
        """Hand out up to `limit` unseen mails, the oldest first, each fetched when it is asked for.

        Nothing changes in the mailbox. A mail that the server cannot hand out is passed over. Raises
        `MailboxUnusable` for every fault of network, login and protocol; the next `take` begins anew.
        """
        with self._guarded():
            found = _yes(self._opened().uid("SEARCH", "UNSEEN", "UNDELETED"), "a search")
            uids = sorted({int(word) for row in found if isinstance(row, bytes) for word in row.split()})
        handed_out = 0
        for uid in uids:
            if handed_out >= limit:
                return
            with self._guarded():
                taken = self._fetched(uid)
            if taken:
                handed_out += 1
                yield taken

    def done(self, uid: int) -> None:
        """Mark a mail as seen and move it to the folder for what is done, which is created if it is missing.

        Raises `MailboxUnusable`; the mail may then be handed out once more. A mail that somebody else has
        moved away meanwhile is no fault.
        """
        with self._guarded():
            line = self._kept()
            _yes(line.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)"), "a mark")
            self._move(line, str(uid))

    def close(self) -> None:
        """Say goodbye if the line is up; never raises."""
        if self._line:
            with contextlib.suppress(*_FAULTS):
                self._line.logout()
        self._drop()

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turn every fault into `MailboxUnusable`, without the library's words: they may hold a piece of mail."""
        try:
            yield
        except MailboxUnusable:
            self._drop()
            raise
        except _FAULTS as fault:
            self._drop()
            raise MailboxUnusable(f"mailbox: {_why(fault)}") from None

    def _opened(self) -> _Line:
        if self._line and not _is_alive(self._line):
            self._drop()
        if self._line is None:
            self._line = line = self._connected()
            line.longest = self._largest + _SLACK
            self._log_in(line)
            # Many servers say what they can only to those they know.
            said = b" ".join(row for row in _yes(line.capability(), "a list of what it can") if isinstance(row, bytes))
            self._can = frozenset(said.decode("ascii", "replace").upper().split())
            _yes(line.select(self._folders[0]), "the folder to read")
        return self._line

    def _kept(self) -> _Line:
        if self._line is None:
            raise MailboxUnusable("mailbox: the connection has ended since this mail was taken")
        return self._line

    def _connected(self) -> _Line:
        host, port = self._place
        if self._security == "tls":
            return _TlsLine(host, port, ssl_context=self._trust(), timeout=self._timeout)
        line = _Line(host, port, timeout=self._timeout)
        if self._security == "starttls":
            try:
                line.starttls(ssl_context=self._trust())
            except BaseException:
                _shut(line)
                raise
        return line

    def _trust(self) -> ssl.SSLContext:
        return self._context or ssl.create_default_context()

    def _log_in(self, line: _Line) -> None:
        user, password = self._login
        if not (user + password).isascii() or _CONTROLS.search(user + password):
            raise MailboxUnusable("mailbox: user or password has characters that an IMAP login cannot carry")
        try:
            line.login(_quoted(user), password)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as refusal:
            raise MailboxUnusable(f"mailbox: the server refuses the login{_code(refusal.args)}") from None

    def _fetched(self, uid: int) -> Taken | None:
        # A refusal brings no content, and is no reason to give up on the others.
        _, rows = self._kept().uid("FETCH", str(uid), f"(RFC822.SIZE BODY.PEEK[]<0.{self._largest}>)")
        return _content(rows, uid)

    def _move(self, line: _Line, uid: str) -> None:
        verb = "MOVE" if "MOVE" in self._can else "COPY"
        target = self._folders[1]
        if line.uid(verb, uid, target)[0] != "OK":
            line.create(target)
            _yes(line.uid(verb, uid, target), "the folder for what is done")
        if verb == "COPY":
            _yes(line.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)"), "a mark")
            if "UIDPLUS" in self._can:
                # Without it, EXPUNGE would also take what somebody else has marked. Deleted mail is not handed out.
                _yes(line.uid("EXPUNGE", uid), "a clearing")

    def _drop(self) -> None:
        line, self._line = self._line, None
        if line:
            _shut(line)


class _Line(imaplib.IMAP4):
    """A connection that reads no more than was asked for, whatever length the server announces."""

    longest = _SLACK

    def read(self, size: int) -> bytes:
        if size > self.longest:
            raise self.abort("the server sends more than was asked for")
        return super().read(size)


class _TlsLine(imaplib.IMAP4_SSL, _Line):
    """The same, encrypted from the first byte."""


def _is_alive(line: _Line) -> bool:
    """Ask; the answer also brings news of mail that came since the folder was opened."""
    try:
        return line.noop()[0] == "OK"
    except _FAULTS:
        return False


def _shut(line: _Line) -> None:
    with contextlib.suppress(*_FAULTS):
        line.shutdown()


def _yes(answer: tuple[str, list[Any]], wanted: str) -> list[Any]:
    typ, rows = answer
    if typ != "OK":
        raise MailboxUnusable(f"mailbox: the server refuses {wanted}{_code(rows)}")
    return rows


def _code(rows: Iterable[object]) -> str:
    """Give the code of a refusal (RFC 5530); its words may repeat what we sent, the password included."""
    found = next((match for row in rows if isinstance(row, bytes) and (match := _CODE.match(row))), None)
    return f" ({found.group(1).decode()})" if found else ""


def _content(rows: list[Any], uid: int) -> Taken | None:
    """Find the mail asked for among what the server says, which may be news of others too."""
    for place, row in enumerate(rows):
        head, literal = row if isinstance(row, tuple) else (row or b"", b"")
        found = _BODY.search(head)
        if not found:
            continue
        # What else was asked for may stand before the mail or behind it.
        behind = rows[place + 1] if isinstance(row, tuple) and isinstance(rows[place + 1], bytes) else b""
        told, size = (shape.search(head + b" " + behind) for shape in (_UID, _SIZE))
        if told and int(told.group(1)) != uid:
            continue
        raw = literal if found.group(1) else _ESCAPED.sub(rb"\1", found.group(2) or b"")
        return Taken(uid, raw, max(int(size.group(1)) if size else 0, len(raw)))
    return None


def _why(fault: BaseException) -> str:
    match fault:
        case ssl.SSLCertVerificationError():
            return "the server's certificate is not trusted"
        case ssl.SSLError():
            return "no encrypted connection comes about"
        case TimeoutError():
            return "the server did not answer in time"
        case OSError():
            return f"connection: {fault.strerror or 'the server is out of reach'}"
        case imaplib.IMAP4.readonly():
            return "the folder can only be read, so that nothing in it can be put away"
        case imaplib.IMAP4.abort():
            return "the connection ended, or what the server said makes no sense"
    return "the server refused, or what it said makes no sense"


def _quoted(text: str) -> str:
    """Write an IMAP string (RFC 3501 §4.3)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _written(folder: str) -> str:
    """Write a folder's name in IMAP's own UTF-7 (RFC 3501 §5.1.3); control characters become harmless with it."""
    return _NOT_PLAIN.sub(_shifted, folder.replace("&", "&-"))


def _shifted(found: re.Match[str]) -> str:
    letters = base64.b64encode(found.group().encode("utf-16-be", "replace")).decode()
    return f"&{letters.rstrip('=').replace('/', ',')}-"
