"""How long a message is and how hard to read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from campaigns.domain.steps import Purpose
from campaigns.language import ENGLISH
from campaigns.lint.draft import Draft
from campaigns.lint.finding import Finding, finding
from campaigns.lint.reading import counts, words
from campaigns.lint.rendered import Mail
from campaigns.rendering.front_matter import HARDEST, read_front_matter

_MOST_SMOG: Final = 9.0
_GRADED: Final = 100
"""A grade of fewer words says little."""
_SHORT_READ: Final = range(120, 301)
_LONG_SUBJECT: Final = 60
_TOO_LONG_SUBJECT: Final = 78
_LONG_PREHEADER: Final = 110
_SENTENCE: Final = re.compile(r"(?<=[.?!])\s+|\n{2,}")


def check(draft: Draft, mails: Sequence[Mail]) -> Iterator[Finding]:
    """Find emails that are too hard, too long or too short, and outsides that will be cut off."""
    for mail in mails:
        yield from _grades(draft, mail)
        yield from _outside(draft, mail)
        length = len(words(mail.own_words))
        if mail.compiled.purpose is Purpose.EDUCATION and length not in _SHORT_READ:
            spot = draft.body(mail.language)
            yield finding("education-length", draft.name, spot, f"the short read has {length} words")


def _grades(draft: Draft, mail: Mail) -> Iterator[Finding]:
    found = counts(mail.own_words)
    if mail.language != ENGLISH or found.words < _GRADED:
        return
    sentences = [(sentence, counts(sentence)) for sentence in _SENTENCE.split(mail.own_words)]
    aim = read_front_matter(draft.name, draft.toml).grade
    if found.grade > aim:
        kind = "hard-to-read" if found.grade > HARDEST else "above-grade"
        spot = draft.where(max(sentences, key=lambda one: one[1].syllables)[0], mail.language)
        says = f"the reading grade is {found.grade:.1f} (Flesch-Kincaid), and the message aims at {aim:g}"
        yield finding(kind, draft.name, spot, says)
    if found.smog > _MOST_SMOG:
        spot = draft.where(max(sentences, key=lambda one: one[1].polysyllables)[0], mail.language)
        says = f"the SMOG grade is {found.smog:.1f}: {found.polysyllables} long words in {found.sentences} sentences"
        yield finding("long-words", draft.name, spot, says)


def _outside(draft: Draft, mail: Mail) -> Iterator[Finding]:
    subject, preheader = mail.subject, mail.preheader
    if len(subject) > _LONG_SUBJECT:
        kind = "too-long-subject" if len(subject) > _TOO_LONG_SUBJECT else "long-subject"
        says = f"“{subject}” has {len(subject)} characters"
        yield finding(kind, draft.name, draft.setting("subject", mail.language), says)
    spot = draft.setting("preheader", mail.language)
    if len(preheader) > _LONG_PREHEADER:
        yield finding("long-preheader", draft.name, spot, f"“{preheader}” has {len(preheader)} characters")
    if _bare(preheader) and (_bare(preheader) in _bare(subject) or _bare(subject) in _bare(preheader)):
        yield finding("preheader-repeats-subject", draft.name, spot, f"“{preheader}” says what the subject says")


def _bare(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
