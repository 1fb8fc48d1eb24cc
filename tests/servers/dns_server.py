"""A real DNS server on loopback, UDP and TCP on one port, that answers from a table and fails where it is told to.

`with DnsServer({("clinic.test", "MX"): ["10 mail.clinic.test."]}) as server`. A name that stands in
the table, or above one that does, exists; every other one is NXDOMAIN.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterable
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
from dns.exception import DNSException

Zone = dict[tuple[str, str], list[str]]
"""(name without its last dot, type) → records as a zone file writes them; `txt` helps with TXT."""
Place = tuple[str, str]


def txt(*records: str) -> list[str]:
    """Write TXT records; a long one is cut into the strings of 255 bytes that the wire allows."""
    return [" ".join(_quoted(text[at : at + 255]) for at in range(0, len(text), 255)) or '""' for text in records]


def _quoted(text: str) -> str:
    plain = range(0x20, 0x7F)
    letters = (chr(byte) if byte in plain and byte not in b'"\\' else f"\\{byte:03d}" for byte in text.encode())
    return f'"{"".join(letters)}"'


class DnsServer:
    """The server; `with` runs it in threads of its own on a free port of 127.0.0.1."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.dropped: set[Place] = set()
        """Questions that get no answer; `("*", "*")` is all of them."""
        self.failing: set[Place] = set()
        """Questions that get SERVFAIL."""
        self.truncated = False
        """Over UDP say only that the answer is too long."""
        self.garbage = False
        """Answer with bytes that are no message."""
        self.questions: list[Place] = []
        self.by_tcp = 0
        self._stopping = False

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._udp, self._tcp = _pair()
        self.port: int = self._udp.getsockname()[1]
        self._threads = [threading.Thread(target=it, daemon=True) for it in (self._serve_udp, self._serve_tcp)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.sendto(b"", ("127.0.0.1", self.port))
        with socket.create_connection(("127.0.0.1", self.port)):
            pass
        for thread in self._threads:
            thread.join(5)
        self._udp.close()
        self._tcp.close()

    def _serve_udp(self) -> None:
        while True:
            question, peer = self._udp.recvfrom(4096)
            if self._stopping:
                return
            answer = self._answer(question, udp=True)
            if answer:
                self._udp.sendto(answer, peer)

    def _serve_tcp(self) -> None:
        while True:
            line, _ = self._tcp.accept()
            with line:
                if self._stopping:
                    return
                line.settimeout(5)
                self.by_tcp += 1
                with line.makefile("rb") as words:
                    size = words.read(2)
                    answer = self._answer(words.read(*struct.unpack("!H", size)), udp=False) if len(size) == 2 else b""
                if answer:
                    line.sendall(struct.pack("!H", len(answer)) + answer)

    def _answer(self, question: bytes, *, udp: bool) -> bytes:
        try:
            asked = dns.message.from_wire(question)
        except DNSException:
            return b""
        name = str(asked.question[0].name).rstrip(".").lower()
        place = (name, dns.rdatatype.to_text(asked.question[0].rdtype))
        self.questions.append(place)
        if {place, ("*", "*")} & self.dropped:
            return b""
        if self.garbage:
            return question[:2] + b"\xff" * 30
        reply = dns.message.make_response(asked, recursion_available=True)
        if {place, ("*", "*")} & self.failing:
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif udp and self.truncated:
            reply.flags |= dns.flags.TC
        else:
            self._fill(reply, *place)
        return reply.to_wire(max_size=65535)

    def _fill(self, reply: dns.message.Message, name: str, kind: str) -> None:
        seen: set[str] = set()
        while (name, "CNAME") in self.zone and name not in seen:
            seen.add(name)
            target = self.zone[name, "CNAME"]
            reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", *target))
            name = target[0].rstrip(".").lower()
        records = self.zone.get((name, kind))
        if records:
            reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, *records))
        elif not _exists(name, (known for known, _ in self.zone)):
            reply.set_rcode(dns.rcode.NXDOMAIN)


def _exists(name: str, known: Iterable[str]) -> bool:
    return any(one == name or one.endswith(f".{name}") for one in known)


def _pair() -> tuple[socket.socket, socket.socket]:
    """Give both sockets on one port, which UDP chooses and TCP may find taken."""
    for _ in range(50):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tcp.bind(udp.getsockname())
        except OSError:
            udp.close()
            tcp.close()
            continue
        tcp.listen(16)
        return udp, tcp
    raise OSError("no port is free for both")
