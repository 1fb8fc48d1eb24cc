"""The files of one message: what they may be called, and how they are read from its folder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from campaigns.errors import TemplateInvalid
from campaigns.language import ENGLISH, NAMES
from campaigns.rendering.lexing import quoted
from campaigns.rendering.limits import FILES
from campaigns.rendering.markdown import bodies_of

_LANGUAGE: Final = "|".join(rf"\.{code}" for code in NAMES if code != ENGLISH)
_OWN: Final = re.compile(rf"message\.toml|body(?:{_LANGUAGE})?\.(?:md|html|txt)|sms(?:{_LANGUAGE})?\.txt")
_SHARED: Final = re.compile(r"frame(?:\.[a-z]+){1,2}")
_MOST_BYTES: Final = 1_000_000
"""A file with more is not even read; see `limits.py` for what a part may hold."""


def own_file(name: str) -> bool:
    """Say whether a message may have a file of this name: `message.toml`, `body.md`, `sms.txt`, `body.es.md` …."""
    return _OWN.fullmatch(name) is not None


def check_names(message: str, names: Iterable[str]) -> None:
    """Refuse a message with files that no message has, or with too many; those of its frame may be among them.

    Raises `TemplateInvalid`.
    """
    for number, name in enumerate(names, 1):
        if not (own_file(name) or _SHARED.fullmatch(name)):
            raise TemplateInvalid(f"{message}: {quoted(name)} is not a file of a message; take it out")
        if number > FILES:
            raise TemplateInvalid(f"{message}: more than {FILES} files; take some out")


def read_folder(place: Path) -> dict[str, str]:
    """Read the files of a message, by name; one that its name hides is not looked at.

    Raises `TemplateInvalid` for a file that no message has, and for one that is no text.
    """
    files = {}
    for path in sorted(path for path in place.iterdir() if path.is_file() and not path.name.startswith(".")):
        if not own_file(path.name):
            raise TemplateInvalid(f"{place.name}: {quoted(path.name)} is not a file of a message; take it out")
        if path.stat().st_size > _MOST_BYTES:
            raise TemplateInvalid(f"{place.name}/{path.name}: longer than {_MOST_BYTES} bytes; shorten it")
        try:
            files[path.name] = path.read_text("utf-8")
        except UnicodeDecodeError:
            raise TemplateInvalid(f"{place.name}/{path.name}: not text in UTF-8; save it as that") from None
    return files


def with_bodies(message: str, files: Mapping[str, str]) -> dict[str, str]:
    """Add what a body in Markdown comes to; a part that has a file of its own stays as it is written there.

    Raises `TemplateInvalid` for a body that cannot be read, and for a file that is not the message's own.
    """
    made: dict[str, str] = {}
    for name, text in files.items():
        if not own_file(name):
            raise TemplateInvalid(f"{message}: {quoted(name)} is not a file of a message; take it out")
        if name.endswith(".md"):
            both = bodies_of(text, file=f"{message}/{name}")
            made |= {f"{name[:-3]}.html": both.html, f"{name[:-3]}.txt": both.plain}
    return made | dict(files)
