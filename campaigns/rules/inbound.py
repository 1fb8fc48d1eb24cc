"""What people may write to us and what it means, and our automatic replies: `inbound_words.toml`."""

from __future__ import annotations

import itertools
import re
import string
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from campaigns.domain import segments
from campaigns.domain.bare_words import chain_of, normalise
from campaigns.domain.inbound import InboundWords, Sign
from campaigns.errors import ConfigurationError

_TABLES: Final[Mapping[str, frozenset[str]]] = {
    "twilio": frozenset({"stop", "start", "help"}),
    "keywords": frozenset({"start", "yes", "help"}),
    "stop": frozenset({"law", "whole", "edges", "phrases", "chains"}),
    "hold": frozenset({"negations", "stems", "phrases", "pictures"}),
    "context": frozenset({"padding", "look_alikes", "asking", "ours", "reactions"}),
    "channels": frozenset({"texts", "emails", "all"}),
    "urgent": frozenset({"calm", "signs"}),
    "replies": frozenset({"help", "stop_confirmation", "start_confirmation", "safety"}),
}
_HEAD: Final = frozenset({"source", "reviewer", "reviewed_on"})
_SIGN: Final = frozenset({"any", "chains", "together"})

_LONGEST_VALUES: Final[Mapping[str, str]] = {"clinic": "C" * 30, "program": "P" * 24, "contact": "0" * 20}
"""What a reply must still fit into one part with: letters of GSM-7, and so many of them."""
_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "help": ("{clinic}", "{contact}", "STOP"),
    "stop_confirmation": ("{clinic}",),
    "start_confirmation": ("{clinic}", "STOP", "HELP"),
    "safety": ("{clinic}", "911"),
}
"""Carriers ask for these (CTIA Messaging Principles); the number to call in danger goes without saying."""
_LINKS: Final = ("://", "www.", "http")


def read_inbound_words(path: Path = Path(__file__).parent / "inbound_words.toml") -> InboundWords:
    """Read the phrases, made bare, and the replies, each known to fit into one part of GSM-7.

    Raises `ConfigurationError` naming the file and what is wrong with it.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        _check_shape(data)
        found = _words(data)
        _check_sense(found)
    except (OSError, TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path.name}: {error!r}") from None
    return found


def _check_shape(data: Mapping[str, Any]) -> None:
    _keys("the file", data, _HEAD | _TABLES.keys())
    for name, keys in _TABLES.items():
        _keys(name, data[name], keys)
    signs = data["urgent"]["signs"]
    if not isinstance(signs, dict) or not signs:
        raise ValueError("urgent.signs: has no sign")
    for name, table in signs.items():
        if not isinstance(table, dict) or not table or not table.keys() <= _SIGN:
            raise ValueError(f"urgent.signs.{name}: has something else than {sorted(_SIGN)}")
    if not data["source"] or not isinstance(data["reviewed_on"], date):
        raise ValueError("source is empty, or reviewed_on is no date")


def _keys(name: str, table: Mapping[str, Any], wanted: frozenset[str]) -> None:
    if not isinstance(table, dict) or table.keys() != wanted:
        raise ValueError(f"{name}: has not just {sorted(wanted)}")


def _words(data: Mapping[str, Any]) -> InboundWords:
    twilio, keywords, stop = data["twilio"], data["keywords"], data["stop"]
    hold, context, channels, urgent = data["hold"], data["context"], data["channels"], data["urgent"]
    law = _bare("stop.law", stop["law"])
    return InboundWords(
        twilio=frozenset(word.casefold() for words in twilio.values() for word in _strings("twilio", words)),
        start=frozenset(_bare("keywords.start", keywords["start"])),
        yes=frozenset(_bare("keywords.yes", keywords["yes"])),
        help=frozenset(_bare("keywords.help", keywords["help"])),
        stop=frozenset((*_bare("twilio.stop", twilio["stop"]), *law, *_bare("stop.whole", stop["whole"]))),
        edges=(*law, *_bare("stop.edges", stop["edges"])),
        phrases=_bare("stop.phrases", stop["phrases"], stems=True),
        chains=_chains("stop.chains", stop["chains"]),
        negations=_bare("hold.negations", hold["negations"], stems=True),
        stems=_bare("hold.stems", hold["stems"], stems=True),
        unclear=_bare("hold.phrases", hold["phrases"], stems=True),
        pictures=_strings("hold.pictures", hold["pictures"]),
        padding=_bare("context.padding", context["padding"]),
        look_alikes=_bare("context.look_alikes", context["look_alikes"]),
        asking=_bare("context.asking", context["asking"], stems=True),
        ours=_bare("context.ours", context["ours"]),
        reactions=frozenset(_bare("context.reactions", context["reactions"])),
        of_texts=_bare("channels.texts", channels["texts"], stems=True),
        of_emails=_bare("channels.emails", channels["emails"], stems=True),
        of_all=_bare("channels.all", channels["all"], stems=True),
        urgent=tuple(_sign(name, table) for name, table in urgent["signs"].items()),
        calm=_bare("urgent.calm", urgent["calm"]),
        replies=MappingProxyType({name: _reply(name, words) for name, words in data["replies"].items()}),
    )


def _sign(name: str, table: Mapping[str, Any]) -> Sign:
    name = f"urgent.signs.{name}"
    phrases = _bare(name, table["any"], stems=True) if "any" in table else ()
    groups = tuple(_bare(name, group, stems=True) for group in table.get("together", ()))
    return Sign(name, phrases, _chains(name, table.get("chains", [])), groups)


def _bare(name: str, phrases: object, *, stems: bool = False) -> tuple[str, ...]:
    """Give phrases as they are compared; a star at the end stands for all words that begin so."""
    found = []
    for phrase in _strings(name, phrases):
        stem = phrase.endswith("*")
        bare = normalise(phrase)
        if not bare or (stem and not stems) or "*" in phrase[:-1]:
            raise ValueError(f"{name}: {phrase!r} cannot stand here")
        found.append(f"{bare}*" if stem else bare)
    if len(set(found)) < len(found):
        raise ValueError(f"{name}: {sorted({phrase for phrase in found if found.count(phrase) > 1})} twice")
    return tuple(found)


def _strings(name: str, values: object) -> tuple[str, ...]:
    if not isinstance(values, list) or not values or not all(isinstance(value, str) and value for value in values):
        raise ValueError(f"{name}: is no list of words")
    return tuple(values)


def _chains(name: str, chains: object) -> tuple[re.Pattern[str], ...]:
    if not isinstance(chains, list) or not all(isinstance(chain, list) and chain for chain in chains):
        raise ValueError(f"{name}: is no list of chains")
    for group in itertools.chain.from_iterable(chains):
        if (
            not isinstance(group, list)
            or not group
            or not all(isinstance(piece, str) and "*" not in piece for piece in group)
        ):
            raise ValueError(f"{name}: is no chain of groups of words")
    return tuple(chain_of([[normalise(piece) for piece in group] for group in chain]) for chain in chains)


def _reply(name: str, words: object) -> str:
    if not isinstance(words, str):
        raise TypeError(f"replies.{name}: is no text")
    for _, field, spec, conversion in string.Formatter().parse(words):
        if field is not None and (field not in _LONGEST_VALUES or spec or conversion):
            raise ValueError(f"replies.{name}: {{{field}}} is not one of {sorted(_LONGEST_VALUES)}")
    missing = [needed for needed in _NEEDED[name] if needed not in words]
    if missing or any(link in words.lower() for link in _LINKS):
        raise ValueError(f"replies.{name}: {missing} missing, or a link in it")
    size = segments.count(words.format(**_LONGEST_VALUES))
    if size.encoding != "GSM-7" or size.parts != 1:
        raise ValueError(f"replies.{name}: {size.units} units of {size.encoding}, not one part of GSM-7")
    return words


def _check_sense(words: InboundWords) -> None:
    """Refuse a word that would mean two things; nothing but its own keyword may start texts."""
    sets = {"start": words.start, "help": words.help, "stop": words.stop | set(words.edges), "yes": words.yes}
    for (one, these), (other, those) in itertools.combinations(sets.items(), 2):
        if both := these & those:
            raise ValueError(f"{sorted(both)} would mean both {one} and {other}")
