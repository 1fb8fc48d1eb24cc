"""Values out of what a provider sends: JSON of any shape in, short and storable words out.

Reading is lenient about what is missing and strict about what is kept: nothing that comes
out holds a character that a database refuses, and what is meant for staff names nobody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, NoReturn

from campaigns.domain.receipts import LONGEST_DETAIL, Kind, Receipt
from campaigns.domain.rulings import enhanced_of
from campaigns.errors import Malformed
from campaigns.providers.mail.words import one_line, storable

Fields = Mapping[str, object]
"""An object of JSON."""
SAID_LIMIT: Final = 2_000
"""Characters that are looked at of what a server says."""

_PLAIN_ID: Final = re.compile(r"[\x21-\x7e]{1,200}")
_NUMBER_OF_SOMEBODY: Final = re.compile(
    r"(?<![\w.])(?:\+\s?\d[\d\s().\-/]{5,}\d|\(?\d[\d\s()\-]{8,}\d|\d{3}\.\d{3}\.\d{4}|\d{3}-\d{4})(?!\w)"
)
"""A telephone number as people and machines write it: E.164, any long row of digits, and the American short forms."""
_REPLIES: Final = (
    re.compile(r"(?:[\w.+-]{1,40}\s*;)?\s*([245]\d\d)(?![\d.])", re.ASCII),
    re.compile(r".*?(?<![\w.])([245]\d\d)[ -]#?[245]\.\d{1,3}\.\d{1,3}(?!\.?\d)", re.ASCII | re.DOTALL),
)
"""Where the three digits stand: at the front, if need be behind a type, or before an enhanced code."""
_TWILIO_CODE: Final = re.compile(r"[1-9][0-9]{0,5}")
_FACT_LIMIT: Final = 100
_VALUE_LIMIT: Final = 320
_DATE_LIMIT: Final = 40
_YEARS: Final = range(1990, 2200)


def read_json(body: bytes | str) -> object:
    """Read JSON in UTF-8; raises `Malformed` for anything else, and for what is nested too deep to be read."""
    try:
        return json.loads(body if isinstance(body, str) else body.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Malformed from None


def as_fields(value: object) -> Fields:
    """Take a value for an object; raises `Malformed` if it is none."""
    if not isinstance(value, dict):
        raise Malformed
    return value


def inner(fields: Fields, name: str) -> Fields:
    """Give the object in a field; one without fields if there is none."""
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def listed(fields: Fields, name: str) -> list[object]:
    """Give the list in a field; an empty one if there is none."""
    value = fields.get(name)
    return value if isinstance(value, list) else []


def text(fields: Fields, *names: str, limit: int = _VALUE_LIMIT) -> str:
    """Give the first field that holds words or a number, as words of at most `limit` characters; else nothing."""
    return next(filter(None, (words(fields.get(name), limit) for name in names)), "")


def words(value: object, limit: int = _VALUE_LIMIT) -> str:
    """Give words, or a number as words, cut at `limit` characters; nothing for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return storable(str(value)).strip()[:limit].strip()


def instant(value: object) -> datetime | None:
    """Read a time in ISO 8601 with its zone, or in seconds since 1970; None if it is neither."""
    written = words(value, _DATE_LIMIT)
    try:
        read = datetime.fromtimestamp(float(written), UTC)
    except (ValueError, OverflowError, OSError):
        try:
            read = datetime.fromisoformat(written)
        except ValueError:
            return None
    if read.tzinfo is None or read.year not in _YEARS:
        return None
    return read.astimezone(UTC)


def event_id(given: str, event: object) -> str:
    """Give the provider's own name for an event; a digest of the event if it has none that can be kept.

    Raises `Malformed` if the event is nested too deep to be written down.
    """
    if _PLAIN_ID.fullmatch(given):
        return given
    try:
        canonical = json.dumps([given, event], sort_keys=True)
    except RecursionError:
        raise Malformed from None
    return f"sha256:{sha256(canonical.encode()).hexdigest()}"


def detail(said: str, recipient: str = "") -> str:
    """Put what a provider says into one line without addresses, tokens and telephone numbers."""
    line = one_line(said, (recipient,), limit=SAID_LIMIT)
    return _NUMBER_OF_SOMEBODY.sub("(number)", line)[:LONGEST_DETAIL].strip()


def facts(**said: str) -> dict[str, str]:
    """Keep what says anything, in one short line each, without addresses and telephone numbers."""
    lines = {name: detail(value)[:_FACT_LIMIT].strip() for name, value in said.items()}
    return {name: line for name, line in lines.items() if line}


def status_code(status: str, said: str, otherwise: str = "") -> str:
    """Give the enhanced status code of a failure.

    That is the status, or what the last server said where the status names no more than a class; and only
    if neither says more than that, what the provider's own word for it comes to (`otherwise`).
    """
    stated, quoted = enhanced_of(status), enhanced_of(said)
    if stated and not _vague(stated):
        return stated
    if quoted and not _vague(quoted) and (not stated or quoted[0] == stated[0]):
        return quoted
    return otherwise or stated or quoted


def twilio_code(value: str) -> str:
    """Give Twilio's error number; empty if it is none."""
    return value if _TWILIO_CODE.fullmatch(value) else ""


def reply_code(said: str) -> int | None:
    """Find the three digits of an SMTP reply in words that quote it, or that are nothing else."""
    said = said[:SAID_LIMIT]
    found = next((match for shape in _REPLIES if (match := shape.match(said))), None)
    return int(found.group(1)) if found else None


def and_also(receipt: Receipt, kind: Kind | None) -> tuple[Receipt, ...]:
    """Give a receipt, and beside it another about the recipient's own wish, if it tells of one.

    What a provider has held back because the recipient stopped it there has come back, and tells of that stop.
    """
    if kind is None:
        return (receipt,)
    second = event_id(f"{receipt.event_id}:{kind.value}", [receipt.event_id, kind.value])
    return receipt, replace(receipt, event_id=second, kind=kind)


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _vague(code: str) -> bool:
    return code.endswith(".0.0")
