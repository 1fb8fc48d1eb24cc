"""A copy of the shipped templates with one fault in it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from campaigns.lint.check import check
from campaigns.lint.finding import Finding
from campaigns.rendering.markdown import bodies_of

TEMPLATES = Path(__file__).parents[2] / "templates"
READ = "is-it-your-si-joint"
"""A message that teaches; it has no translation."""
SURVEY = "survey"
"""One of the service, in two languages, without a name or a link in its body."""
Change = str | Callable[[str], str] | None


@dataclass(frozen=True)
class Plant:
    """What is done to a copy, and where the fault must be found."""

    kind: str
    message: str
    edits: tuple[tuple[str, str, Change], ...]
    """File, what stands there, and what stands there instead; a name without a slash is a file of the message.

    A function is given the whole text; `None` deletes the file.
    """
    file: str
    at: str = ""
    """What stands on the line that the finding must name; empty: the first line."""
    also: frozenset[str] = field(default=frozenset())
    """Kinds that such a fault cannot do without."""

    def place(self, name: str) -> str:
        return placed(name, self.message)


def placed(name: str, message: str) -> str:
    if name == "claims.toml":
        return name
    return f"messages/{name}" if name.startswith("frame.") else f"messages/{message}/{name}"


def copied(folder: Path, *messages: str, by_hand: bool = True) -> Path:
    """Copy the register, the frame and the named messages; `by_hand`: with both parts written out, for faults in one."""
    (folder / "messages").mkdir(parents=True)
    shutil.copy(TEMPLATES / "claims.toml", folder)
    for file in (TEMPLATES / "messages").glob("frame.*"):
        shutil.copy(file, folder / "messages")
    for message in messages:
        place = folder / "messages" / message
        shutil.copytree(TEMPLATES / "messages" / message, place)
        for written in place.glob("*.md") if by_hand else ():
            both = bodies_of(written.read_text("utf-8"), file=written.name)
            written.with_suffix(".html").write_text(both.html, "utf-8")
            written.with_suffix(".txt").write_text(both.plain, "utf-8")
            written.unlink()
    return folder


def plant(folder: Path, message: str, edits: tuple[tuple[str, str, Change], ...]) -> None:
    for name, old, new in edits:
        path = folder / placed(name, message)
        text = path.read_text("utf-8")
        assert old in text, f"{name}: {old}"
        if new is None:
            path.unlink()
        else:
            path.write_text(new(text) if callable(new) else text.replace(old, new, 1), "utf-8")


def line_of(folder: Path, file: str, words: str) -> int:
    """Give the number of the first line with these words in it; 1 for none."""
    if not words:
        return 1
    lines = (folder / file).read_text("utf-8").split("\n")
    return next(number for number, line in enumerate(lines, start=1) if words in line)


def fresh(found: tuple[Finding, ...], before: tuple[Finding, ...]) -> list[Finding]:
    """Give the findings of a kind and file that were not there before."""
    known = {(one.kind, one.file) for one in before}
    return [one for one in found if (one.kind, one.file) not in known]


def found_in(folder: Path) -> tuple[Finding, ...]:
    return check(folder).findings


def said(kind: str, sentence: str, message: str = SURVEY) -> Plant:
    """Plant a sentence into both bodies."""
    anchor = {SURVEY: "A few words will do.", READ: "They get help."}[message]
    edits = tuple((file, anchor, f"{anchor} {sentence}") for file in ("body.html", "body.txt"))
    return Plant(kind, message, edits, "body.html", anchor)


def both(kind: str, message: str, old: str, new: str, at: str = "") -> Plant:
    """Plant the same change into both bodies."""
    edits = tuple((file, old, new) for file in ("body.html", "body.txt"))
    return Plant(kind, message, edits, "body.html", at or new)


def setting(kind: str, message: str, old: str, new: str, at: str = "") -> Plant:
    return Plant(kind, message, (("message.toml", old, new),), "message.toml", at or new)


def every(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new)


def without(pattern: str) -> Callable[[str], str]:
    return lambda text: re.sub(pattern, "", text, flags=re.DOTALL)
