"""Asks a Redis a few things in its own protocol: is it there, how many doorbells wait; and forgets a rehearsal's keys.

The service itself reaches Redis through Celery only, in `workers/`.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence
from typing import BinaryIO, Final
from urllib.parse import parse_qs, unquote, urlsplit

_PATIENCE: Final = 3.0
"""Seconds for each answer."""


class RedisUnreachable(Exception):
    """The server does not answer, or does not let us in."""


def waiting_doorbells(url: str, queues: Sequence[str]) -> int:
    """Give the number of messages in these queues; raises `RedisUnreachable` saying why it cannot.

    Understands `redis://`, `rediss://` and `redis+socket://` addresses.
    """
    try:
        with _connect(url) as line, line.makefile("rb") as answers:
            for command in _introduction(url):
                _ask(line, answers, *command)
            return sum(int(_ask(line, answers, "LLEN", queue)) for queue in queues)
    except (OSError, ValueError) as error:
        raise RedisUnreachable(str(error)) from None


def forget(url: str, prefix: str) -> None:
    """Delete every key that begins with `prefix`; raises `RedisUnreachable` saying why it cannot."""
    script = "for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do redis.call('DEL', key) end return 1"
    try:
        with _connect(url) as line, line.makefile("rb") as answers:
            for command in _introduction(url):
                _ask(line, answers, *command)
            _ask(line, answers, "EVAL", script, "0", prefix)
    except (OSError, ValueError) as error:
        raise RedisUnreachable(str(error)) from None


def _connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    if parts.scheme in ("redis+socket", "unix"):
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(_PATIENCE)
        line.connect(parts.path)
        return line
    host = parts.hostname or "127.0.0.1"
    line = socket.create_connection((host, parts.port or 6379), timeout=_PATIENCE)
    if parts.scheme == "rediss":
        return ssl.create_default_context().wrap_socket(line, server_hostname=host)
    return line


def _introduction(url: str) -> list[tuple[str, ...]]:
    parts = urlsplit(url)
    asked: list[tuple[str, ...]] = []
    if parts.password:
        name = (unquote(parts.username),) if parts.username else ()
        asked.append(("AUTH", *name, unquote(parts.password)))
    in_path = "" if "socket" in parts.scheme else parts.path.strip("/")
    number = in_path or parse_qs(parts.query).get("virtual_host", ["0"])[0].strip("/")
    asked.append(("SELECT", number or "0"))
    return asked


def _ask(line: socket.socket, answers: BinaryIO, *words: str) -> str:
    encoded = [word.encode() for word in words]
    line.sendall(b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded))
    answer = answers.readline().decode().strip()
    if not answer or answer.startswith("-"):
        raise ValueError(answer.removeprefix("-") or "it hung up")
    return answer[1:]
