"""How hard an English text is to read: Flesch-Kincaid and SMOG, with a plain syllable counter."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import sqrt
from typing import Final

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SENTENCE_END: Final = re.compile(r"(?<![.?!:])[.?!:]+(?:\s|$)|\n{2,}")
_ADDRESS: Final = re.compile(r"<?https?:\S+")
_SHORT: Final = 3
"""A word of so many letters has one syllable, or sounds its last e."""
_MANY: Final = 3
"""So many syllables make a long word for SMOG."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What both grades are worked out from."""

    words: int
    sentences: int
    syllables: int
    polysyllables: int
    """Words of three syllables and more."""

    @property
    def grade(self) -> float:
        """The Flesch-Kincaid grade; 0 without a word."""
        return flesch_kincaid(self.words, self.sentences, self.syllables) if self.words else 0.0

    @property
    def smog(self) -> float:
        """The SMOG grade; 0 without a word."""
        return smog(self.polysyllables, self.sentences) if self.words else 0.0


def flesch_kincaid(words: int, sentences: int, syllables: int) -> float:
    """Give the US school grade: 0.39 words a sentence + 11.8 syllables a word - 15.59."""
    return 0.39 * words / sentences + 11.8 * syllables / words - 15.59


def smog(polysyllables: int, sentences: int) -> float:
    """Give the SMOG grade: 1.0430 * sqrt(long words in thirty sentences) + 3.1291."""
    return 1.0430 * sqrt(polysyllables * 30 / sentences) + 3.1291


def counts(text: str) -> Counts:
    """Count a text, without its web addresses."""
    text = _ADDRESS.sub("", text)
    found = words(text)
    lengths = [syllables(word) for word in found]
    sentences = [part for part in _SENTENCE_END.split(text) if _WORD.search(part)]
    return Counts(len(found), len(sentences), sum(lengths), sum(length >= _MANY for length in lengths))


def grade(text: str) -> float:
    """Give the Flesch-Kincaid grade that a text asks for."""
    return counts(text).grade


def words(text: str) -> list[str]:
    """Give the words of any language we write, without web addresses and numbers."""
    return _WORD.findall(_ADDRESS.sub("", text))


def syllables(word: str) -> int:
    """Count the syllables of an English word, within one of a dictionary's count as a rule."""
    letters = re.sub(r"[^a-z]", "", word.lower())
    if len(letters) > _SHORT:
        letters = re.sub(r"(?<![aeiouyltd])(e|es|ed)$", "", letters)
        letters = re.sub(r"(?<=[aeiouy][tdlrnsvcgkpbmz])es?$", "", letters)
    apart = len(re.findall(r"(?<![tsc])i[aou]", letters))
    return max(1, len(re.findall(r"[aeiouy]+", letters)) + apart)
