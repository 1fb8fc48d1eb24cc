"""How hard a text is to read: the Flesch-Kincaid grade, with a plain syllable counter."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")
_SENTENCE_END = re.compile(r"[.?!:]+(?:\s|$)|\n{2,}")
_ADDRESS = re.compile(r"<?https?:\S+")


def words(text: str) -> list[str]:
    """Give the words, without web addresses and numbers."""
    return _WORD.findall(_ADDRESS.sub("", text))


def syllables(word: str) -> int:
    """Count the syllables of an English word, within one of a dictionary's count as a rule."""
    letters = re.sub(r"[^a-z]", "", word.lower())
    if len(letters) > 3:
        letters = re.sub(r"(?<![aeiouyltd])(e|es|ed)$", "", letters)
        letters = re.sub(r"(?<=[aeiouy][tdlrnsvcgkpbmz])es?$", "", letters)
    apart = len(re.findall(r"(?<![tsc])i[aou]", letters))
    return max(1, len(re.findall(r"[aeiouy]+", letters)) + apart)


def grade(text: str) -> float:
    """Give the US school grade that the text asks for: 0.39 words a sentence + 11.8 syllables a word - 15.59."""
    text = _ADDRESS.sub("", text)
    found = words(text)
    sentences = [part for part in _SENTENCE_END.split(text) if _WORD.search(part)]
    return 0.39 * len(found) / len(sentences) + 11.8 * sum(map(syllables, found)) / len(found) - 15.59
