"""A small IMAP server with real folders, flags and UIDs, that goes wrong where it is told to.

In a test: `with ImapServer(mails) as server`. It speaks just enough for reading a mailbox:
LOGIN, CAPABILITY, STARTTLS, SELECT, CREATE, NOOP, UID SEARCH, FETCH, STORE, COPY, MOVE, EXPUNGE, LOGOUT.
"""

from __future__ import annotations

import contextlib
import re
import socket
import socketserver
import ssl
import threading
from dataclasses import dataclass, field
from typing import Final, Literal, Self

USER: Final = "returns@clinic.example.org"
PASSWORD: Final = 'pass "word" \\ 1'

_WORD: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|(\([^)]*\)|[^\s"]+)')


@dataclass(kw_only=True)
class Rule:
    """One fault: at this command, `times` times, say this instead of doing it."""

    at: str
    """`GREETING`, or a command such as `LOGIN`, `SEARCH`, `FETCH`."""
    reply: str = ""
    """What to say, with `{tag}` for the command's tag; any garbage is allowed. Empty says nothing."""
    close: bool = False
    """Close the connection afterwards; without it and without words the client waits in vain."""
    cut: bool = False
    """Do it, but say only the first half of the answer, and close."""
    done: bool = False
    """Do it, and then say what `reply` says."""
    after: int = 0
    """Let this many such commands pass first."""
    times: int = 1_000_000


@dataclass(kw_only=True)
class Behaviour:
    """What the server offers, and how it words its answers."""

    move: bool = True
    uidplus: bool = True
    tls: ssl.SSLContext | None = None
    starttls: bool = False
    """Offer STARTTLS; with `tls` and not this, encryption starts at once."""
    read_only: bool = False
    fetch: Literal["usual", "behind", "quoted", "nil", "chatty", "short"] = "usual"
    """Where UID and size stand, how the mail is written, and whether news of another mail comes first."""
    rules: list[Rule] = field(default_factory=list)


@dataclass
class Letter:
    """One mail in a folder."""

    raw: bytes
    flags: set[str] = field(default_factory=set)


class ImapServer:
    """The server; `with` runs it in threads of its own on a free port of 127.0.0.1."""

    def __init__(self, mails: list[bytes] | tuple[bytes, ...] = (), behaviour: Behaviour | None = None) -> None:
        self.behaviour = behaviour or Behaviour()
        self.folders: dict[str, dict[int, Letter]] = {"INBOX": {}}
        self.commands: list[str] = []
        """Every command as it came, without its tag."""
        self.encrypted = 0
        """How many connections have begun to be encrypted."""
        self.lock = threading.RLock()
        self._next_uid = 101
        self._open: set[socket.socket] = set()
        for raw in mails:
            self.add(raw)

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), self)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        with self.lock:
            waiting = list(self._open)
        for one in waiting:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._server.server_close()

    def add(self, raw: bytes, folder: str = "INBOX") -> int:
        """Put a mail into a folder; give its UID, which no other mail has."""
        with self.lock:
            uid, self._next_uid = self._next_uid, self._next_uid + 1
            self.folders[folder][uid] = Letter(raw)
            return uid

    def script(self, *rules: Rule) -> None:
        """Replace the faults."""
        self.behaviour.rules = list(rules)

    def rule(self, at: str) -> Rule | None:
        """Give the rule that applies now and use it up once."""
        for rule in self.behaviour.rules:
            if rule.at == at and rule.times > 0:
                if rule.after > 0:
                    rule.after -= 1
                    return None
                rule.times -= 1
                return rule
        return None

    def raws(self, folder: str = "INBOX") -> list[bytes]:
        """Give the mails of a folder, the oldest first."""
        return [letter.raw for letter in self.folders.get(folder, {}).values()]

    def verbs(self) -> list[str]:
        """Give the commands by name, `UID` included."""
        return [" ".join(one.split()[:2]) if one.startswith("UID") else one.split()[0] for one in self.commands]

    def keep(self, connection: socket.socket) -> None:
        with self.lock:
            self._open.add(connection)

    def forget(self, connection: socket.socket) -> None:
        with self.lock:
            self._open.discard(connection)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], house: ImapServer) -> None:
        self.house = house
        super().__init__(address, _Dialogue)

    def handle_error(self, _request: object, _client_address: object) -> None:
        """A client that leaves in the middle is no fault of the server's."""


class _Leave(Exception):
    """The dialogue ends here; nothing went wrong."""


class _Dialogue(socketserver.BaseRequestHandler):
    """One connection."""

    server: _Server

    def setup(self) -> None:
        self.house = self.server.house
        self.behaviour = self.house.behaviour
        self.folder: str | None = None
        self.sock: socket.socket = self.request
        self.house.keep(self.sock)
        if self.behaviour.tls and not self.behaviour.starttls:
            self.encrypt()

    def finish(self) -> None:
        self.house.forget(self.sock)
        self.sock.close()

    def encrypt(self) -> None:
        assert self.behaviour.tls
        self.house.forget(self.sock)
        self.house.encrypted += 1
        self.sock = self.behaviour.tls.wrap_socket(self.sock, server_side=True)
        self.house.keep(self.sock)

    def handle(self) -> None:
        with contextlib.suppress(_Leave, OSError):
            if not self.obeyed("GREETING", "", ""):
                self.say("* OK imap.test ready")
            self.reader = self.sock.makefile("rb")
            while line := self.reader.readline():
                self.command(line.decode("utf-8", "replace").rstrip("\r\n"))

    def command(self, line: str) -> None:
        tag, _, rest = line.partition(" ")
        self.house.commands.append(rest)
        words = [
            quoted.replace("\\\\", "\0").replace('\\"', '"').replace("\0", "\\") or plain
            for quoted, plain in _WORD.findall(rest)
        ]
        verb = words.pop(0).upper()
        if verb == "UID":
            verb = words.pop(0).upper()
        verbs = {
            "CAPABILITY": self.capability,
            "LOGIN": self.login,
            "STARTTLS": self.starttls,
            "SELECT": self.select,
            "CREATE": self.create,
            "NOOP": self.noop,
            "SEARCH": self.search,
            "FETCH": self.fetch,
            "STORE": self.store,
            "COPY": self.copy,
            "MOVE": self.move,
            "EXPUNGE": self.expunge,
            "LOGOUT": self.logout,
        }
        act = verbs.get(verb)
        answer = f"{tag} BAD what?".encode() if act is None else b""
        if not self.obeyed(verb, tag, line):
            with self.house.lock:
                answer = act(tag, words) if act else answer
            self.send(answer)
        if verb == "STARTTLS" and self.behaviour.starttls:
            self.encrypt()
            self.reader = self.sock.makefile("rb")
        if verb == "LOGOUT":
            raise _Leave

    def obeyed(self, at: str, tag: str, line: str) -> bool:
        """Follow a rule if one applies."""
        rule = self.house.rule(at)
        if rule is None:
            return False
        if rule.cut or rule.done:
            words = [quoted or plain for quoted, plain in _WORD.findall(line)][3 if " UID " in line else 2 :]
            with self.house.lock:
                answer = getattr(self, at.lower())(tag, words)
            if rule.cut:
                self.send(answer[: len(answer) // 2])
                raise _Leave
        if rule.reply:
            self.sock.sendall(rule.reply.replace("{tag}", tag).encode("latin-1") + b"\r\n")
        if rule.close:
            raise _Leave
        return True

    def say(self, text: str) -> None:
        self.send(text.encode() + b"\r\n")

    def send(self, answer: bytes) -> None:
        self.sock.sendall(answer)

    def capability(self, tag: str, _words: list[str]) -> bytes:
        can = ["IMAP4rev1"]
        # As Dovecot and Gmail do: most is told only to those who are logged in.
        if self.folder is not None:
            can += ["MOVE"] * self.behaviour.move + ["UIDPLUS"] * self.behaviour.uidplus
        elif self.behaviour.starttls:
            can.append("STARTTLS")
        return f"* CAPABILITY {' '.join(can)}\r\n{tag} OK done\r\n".encode()

    def login(self, tag: str, words: list[str]) -> bytes:
        if words != [USER, PASSWORD]:
            return f"{tag} NO [AUTHENTICATIONFAILED] {' '.join(words)} is not known here\r\n".encode()
        self.folder = ""
        return f"{tag} OK welcome\r\n".encode()

    def starttls(self, tag: str, _words: list[str]) -> bytes:
        return f"{tag} {'OK go ahead' if self.behaviour.starttls else 'BAD what?'}\r\n".encode()

    def select(self, tag: str, words: list[str]) -> bytes:
        if self.folder is None or words[0] not in self.house.folders:
            return f"{tag} NO [NONEXISTENT] no such folder\r\n".encode()
        self.folder = words[0]
        access = "READ-ONLY" if self.behaviour.read_only else "READ-WRITE"
        lines = [f"* {len(self.letters)} EXISTS", "* FLAGS (\\Seen \\Deleted)", "* OK [UIDVALIDITY 7] as ever"]
        if self.behaviour.read_only:
            lines.append("* OK [READ-ONLY] look, do not touch")
        return "\r\n".join([*lines, f"{tag} OK [{access}] selected\r\n"]).encode()

    @property
    def letters(self) -> dict[int, Letter]:
        return self.house.folders[self.folder or ""]

    def create(self, tag: str, words: list[str]) -> bytes:
        if words[0] in self.house.folders:
            return f"{tag} NO [ALREADYEXISTS] there is one\r\n".encode()
        self.house.folders[words[0]] = {}
        return f"{tag} OK made\r\n".encode()

    def noop(self, tag: str, _words: list[str]) -> bytes:
        return f"* {len(self.letters)} EXISTS\r\n{tag} OK nothing done\r\n".encode()

    def search(self, tag: str, words: list[str]) -> bytes:
        unwanted = {"\\" + word.removeprefix("UN").capitalize() for word in words}
        found = [str(uid) for uid, letter in self.letters.items() if not unwanted & letter.flags]
        return f"* SEARCH {' '.join(found)}\r\n{tag} OK found\r\n".encode()

    def fetch(self, tag: str, words: list[str]) -> bytes:
        done = f"{tag} OK fetched\r\n".encode()
        uid = int(words[0])
        if uid not in self.letters:
            return done
        raw = self.letters[uid].raw
        if "BODY.PEEK[]" not in " ".join(words):
            self.letters[uid].flags.add("\\Seen")
        most = re.search(r"<0\.(\d+)>", " ".join(words))
        part = raw[: int(most.group(1))] if most else raw
        place = list(self.letters).index(uid) + 1
        facts = f"UID {uid} RFC822.SIZE {len(raw)}".encode()
        literal = b"BODY[]<0> {%d}\r\n%b" % (len(part), part)
        written = {
            "usual": b"(%b %b)" % (facts, literal),
            "chatty": b"(%b %b)" % (facts, literal),
            "behind": b"(%b %b)" % (literal, facts),
            "short": b"(%b)" % literal,
            "quoted": b'(%b BODY[]<0> "%b")' % (facts, part.replace(b"\\", b"\\\\").replace(b'"', b'\\"')),
            "nil": b"(%b BODY[]<0> NIL)" % facts,
        }[self.behaviour.fetch]
        news = b"* %d FETCH (UID 1 BODY[]<0> {5}\r\nother FLAGS (\\Seen))\r\n" % (place + 1)
        return b"%b* %d FETCH %b\r\n%b" % (news * (self.behaviour.fetch == "chatty"), place, written, done)

    def store(self, tag: str, words: list[str]) -> bytes:
        uid = int(words[0])
        if uid in self.letters:
            self.letters[uid].flags |= set(words[2].strip("()").split())
        return f"{tag} OK stored\r\n".encode()

    def copy(self, tag: str, words: list[str]) -> bytes:
        if words[1] not in self.house.folders:
            return f"{tag} NO [TRYCREATE] no such folder\r\n".encode()
        letter = self.letters.get(int(words[0]))
        if letter:
            copied = self.house.add(letter.raw, words[1])
            self.house.folders[words[1]][copied].flags |= letter.flags
        return f"{tag} OK copied\r\n".encode()

    def move(self, tag: str, words: list[str]) -> bytes:
        answer = self.copy(tag, words)
        if b" OK " in answer:
            self.letters.pop(int(words[0]), None)
        return answer

    def expunge(self, tag: str, words: list[str]) -> bytes:
        wanted = {int(word) for word in words} or set(self.letters)
        for uid in [one for one in wanted if "\\Deleted" in self.letters.get(one, Letter(b"")).flags]:
            del self.letters[uid]
        return f"{tag} OK cleared\r\n".encode()

    def logout(self, tag: str, _words: list[str]) -> bytes:
        return f"* BYE until soon\r\n{tag} OK bye\r\n".encode()
