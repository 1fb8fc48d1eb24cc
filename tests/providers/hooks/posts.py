"""Calls as the tests write them, and what must be true of everything that is read from one."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from campaigns.domain.receipts import LONGEST_DETAIL, Post, Reading
from campaigns.errors import Forged, Malformed
from campaigns.providers.hooks.base import Hook

NOW = datetime(2026, 11, 28, 17, 0, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
TOKEN = "0a" * 20
ADDRESS = "jane.secret@patients.example"
NUMBER = "+12075550142"
FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

WILD = st.text(st.characters(), max_size=20)
"""Words with characters that no database stores, and halves of surrogate pairs."""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WILD,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WILD, inner, max_size=4),
    max_leaves=6,
)
"""Any value of JSON."""
BODIES = st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode())
DEEP = b'{"a":' * 200_000


def post(body: bytes | Any, headers: dict[str, str] | None = None, *, url: str = "", token: str = "") -> Post:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Post(url=url or "https://clinic.example/hooks/any", headers=headers or {}, body=raw, token=token)


def outcome(hook: Hook, call: Post, now: datetime = NOW) -> str:
    """Say how a call was taken; anything but the two documented errors is a fault of the reader."""
    try:
        reading = hook.read(call, now)
    except Forged:
        return "forged"
    except Malformed:
        return "malformed"
    check(reading)
    return "read"


def shaped(*names: str) -> st.SearchStrategy[Any]:
    """Give objects that have some of the named fields, with values of any shape in them."""
    return st.fixed_dictionaries({}, optional={name: JSON | st.text(max_size=400) for name in names})


def check(reading: Reading) -> None:
    """Fail unless everything in a reading can be stored, and what is meant for staff names nobody."""
    for one in (*reading.receipts, *reading.texts):
        values = [getattr(one, field.name) for field in fields(one)]
        said = [value for value in values if isinstance(value, str)]
        said += [word for value in values if isinstance(value, dict) for pair in value.items() for word in pair]
        assert "\0" not in "".join(said).encode().decode()  # raises for half of a surrogate pair
        assert 0 < len(one.event_id) <= 200
    for receipt in reading.receipts:
        shown = [receipt.detail, *receipt.facts.values()]
        assert not [line for line in shown if "@" in line or "\n" in line or len(line) > LONGEST_DETAIL]
        assert receipt.occurred_at is None or receipt.occurred_at.tzinfo
        assert receipt.smtp_code is None or 200 <= receipt.smtp_code < 600
        assert len(receipt.code) <= 12
