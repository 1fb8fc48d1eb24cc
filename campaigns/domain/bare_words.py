"""Text made bare so that it can be compared with a list of phrases, and phrases found in it.

Used on what people write to us. A phrase is bare itself; one that ends in `*` stands for
every word that begins so. Nothing here knows what a phrase means.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

_TAKEN_OUT: Final = " \0 "
_APOSTROPHES: Final = "'`\u00b4\u02b9\u02bc\u2018\u2019\u201b\u2032\uff07"
_CLOSE_UP: Final = dict.fromkeys(map(ord, _APOSTROPHES))
_WIDTHLESS: Final = ("Mn", "Me", "Cf")
_SPELT: Final = re.compile(r"(?<!\S)(?:[^\W\d_] ){2,}[^\W\d_](?!\S)")
_DRAWN_OUT: Final = re.compile(r"([^\W\d_])\1{2,}")


def normalise(text: str) -> str:
    """Give the bare words in small letters, one blank between them; doing it twice changes nothing.

    Accents, pictures and marks go, apostrophes without a gap (`don't` is `dont`). Spelt and
    drawn out words close up: `S.T.O.P` and `stoooop` are `stop`.
    """
    plain = unicodedata.normalize("NFKC", text.translate(_CLOSE_UP)).casefold()
    flat = " ".join("".join(map(_kept, unicodedata.normalize("NFKD", plain))).split())
    closed = _SPELT.sub(lambda spelt: spelt[0].replace(" ", ""), _DRAWN_OUT.sub(r"\1", flat))
    return _DRAWN_OUT.sub(r"\1", closed)


def first_of(phrases: Iterable[str], bare: str) -> str:
    """Give the first of the phrases that stands in a bare text as whole words; empty if none does."""
    wide = f" {bare} "
    for phrase in phrases:
        if (f" {phrase[:-1]}" if phrase.endswith("*") else f" {phrase} ") in wide:
            return phrase
    return ""


def chain_of(groups: Sequence[Sequence[str]]) -> re.Pattern[str]:
    """Make a pattern of one bare piece of each group, one after another; an empty piece may be left out.

    Raises `ValueError` if nothing would have to be there.
    """
    first, *others = groups
    if not all(first):
        raise ValueError("a chain begins with something")
    pieces = [f"(?:{'|'.join(map(re.escape, first))})"]
    for group in others:
        said = "|".join(re.escape(piece) for piece in group if piece)
        pieces.append(f"(?: (?:{said})){'' if all(group) else '?'}" if said else "")
    return re.compile(rf"(?<!\S){''.join(pieces)}(?!\S)")


def first_chain(chains: Iterable[re.Pattern[str]], bare: str) -> str:
    """Give the pieces of the first of the chains that stands in a bare text; empty if none does."""
    found = (chain.search(bare) for chain in chains)
    return next((one[0] for one in found if one), "")


def without(phrases: Iterable[str], bare: str) -> str:
    """Take phrases out of a bare text; each leaves a mark, so that the words around it do not meet."""
    wide = f" {bare} "
    for phrase in phrases:
        while f" {phrase} " in wide:
            wide = wide.replace(f" {phrase} ", _TAKEN_OUT)
    return wide.strip(" ")


def trimmed(padding: Iterable[str], bare: str) -> str:
    """Cut phrases off both ends of a bare text, as long as there are any."""
    padding, before = tuple(padding), None
    while bare != before:
        before = bare
        for phrase in padding:
            bare = bare.removeprefix(f"{phrase} ").removesuffix(f" {phrase}")
    return "" if bare in padding else bare


def _kept(letter: str) -> str:
    if letter.isalnum() and letter not in _APOSTROPHES:
        return letter
    # Accents stand apart by now; what has no width is put into words to get past filters.
    return "" if unicodedata.category(letter) in _WIDTHLESS or letter in _APOSTROPHES else " "
