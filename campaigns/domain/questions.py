"""What counts as a question, and as an answer: lengths, and what is cut away."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from campaigns.errors import Rejected, mark

LONGEST: Final = 1000
"""Characters of a question."""
MOST_OPEN: Final = 10
"""Questions of one person that may wait for an answer at once."""
_SHORTEST: Final = 3
_TITLE: Final = 200
_BODY: Final = 6000
_BLANKS: Final = re.compile(r"[ \t]+")
_LINES: Final = re.compile(r"\n{3,}")


def clean_question(said: str) -> str:
    """Give a question without control characters and runs of blanks.

    Raises `Rejected` with the remedy for one that is too short or too long.
    """
    words = _clean(said)
    if len(words) < _SHORTEST:
        raise Rejected(mark("Write your question first; a few words will do."), field="question")
    if len(words) > LONGEST:
        raise Rejected(
            mark("This is %(long)s characters long. Cut it to %(most)s: the doctor answers in general terms."),
            field="question",
            long=f"{len(words):,}",
            most=f"{LONGEST:,}",
        )
    return words


def clean_answer(title: str, body: str) -> tuple[str, str]:
    """Give an answer's title as one line, and its paragraphs; raises `Rejected` naming the field."""
    title, body = " ".join(_clean(title).split()), _clean(body)
    if not title:
        raise Rejected("Say in one line what was asked, in general words.", field="title")
    if len(title) > _TITLE:
        raise Rejected(f"The line is {len(title)} characters long. Cut it to {_TITLE}.", field="title")
    if not body:
        raise Rejected("Write the answer first.", field="body")
    if len(body) > _BODY:
        raise Rejected(f"The answer is {len(body):,} characters long. Cut it to {_BODY:,}.", field="body")
    return title, body


def _clean(said: str) -> str:
    lines = said.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    shown = "".join(one for one in lines if one == "\n" or unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Co"))
    kept = "\n".join(_BLANKS.sub(" ", line).strip() for line in shown.split("\n"))
    return _LINES.sub("\n\n", kept).strip()
