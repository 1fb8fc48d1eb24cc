"""Keep an uploaded list between looking at it and applying it, and no longer.

Files have random names, only we can read them, and what nobody came back for is
deleted after a day. Beside each list lies what its check said.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final

from campaigns.errors import NotFound, Rejected

KEPT: Final = timedelta(days=1)
_PIECE: Final = 1 << 20
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{22}")


class Uploads:
    """The folder of lists that are being looked at."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; it is made when first needed."""
        self._folder = folder

    def keep(self, file: BinaryIO, limit: int, now: datetime) -> str:
        """Copy a list and give the token under which it can be found; streams.

        Raises `Rejected` if it is longer than `limit` bytes; nothing of it is kept then.
        """
        self.prune(now)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        token = secrets.token_urlsafe(16)
        size = 0
        with self._private(self._list(token)) as kept:
            while piece := file.read(_PIECE):
                size += len(piece)
                if size > limit:
                    break
                kept.write(piece)
        if size > limit:
            self.forget(token)
            raise Rejected(f"The file is larger than {limit // 2**20} MB. Split it into several lists.", field="file")
        os.utime(self._list(token), (now.timestamp(), now.timestamp()))
        return token

    def open(self, token: str) -> BinaryIO:
        """Open a kept list. Raises `NotFound` if it is gone."""
        try:
            return self._list(token).open("rb")
        except OSError:
            raise NotFound("This list is no longer kept. Upload it again.") from None

    def note(self, token: str, facts: dict[str, Any]) -> None:
        """Write down what a check said, in place of what was noted before."""
        partial = self._notes(token).with_suffix(f".{secrets.token_hex(4)}.part")
        with self._private(partial) as notes:
            notes.write(json.dumps(facts).encode())
        partial.replace(self._notes(token))

    def noted(self, token: str) -> dict[str, Any]:
        """Read what was noted. Raises `NotFound` if the list is gone."""
        try:
            facts: dict[str, Any] = json.loads(self._notes(token).read_bytes())
        except OSError:
            raise NotFound("This list is no longer kept. Upload it again.") from None
        return facts

    def forget(self, token: str) -> None:
        """Delete a list and its notes; twice changes nothing."""
        self._list(token).unlink(missing_ok=True)
        self._notes(token).unlink(missing_ok=True)

    def prune(self, now: datetime) -> None:
        """Delete what nobody came back for."""
        for path in self._folder.glob("*.csv"):
            if path.stat().st_mtime < (now - KEPT).timestamp():
                self.forget(path.stem)

    def _list(self, token: str) -> Path:
        return self._folder / f"{_checked(token)}.csv"

    def _notes(self, token: str) -> Path:
        return self._folder / f"{_checked(token)}.json"

    @staticmethod
    def _private(path: Path) -> BinaryIO:
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def digest_of(file: BinaryIO) -> str:
    """Give the SHA-256 of a whole file in hexadecimal; streams, and leaves it at its end."""
    file.seek(0)
    digest = hashlib.sha256()
    while piece := file.read(_PIECE):
        digest.update(piece)
    return digest.hexdigest()


def _checked(token: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise NotFound("This list is no longer kept. Upload it again.")
    return token
