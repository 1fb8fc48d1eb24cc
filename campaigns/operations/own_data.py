"""A registrant takes with them what we hold about them: one document, plain keys, instants in UTC (ISO 8601).

The document is an object with these members:

- `about`: when it was made, how to read it, and what is left out of it.
- `person`: names, email, mobile number, time zone, language, what first brought them.
- `registrations`: each with its class and dates, standing, attendance with seconds, what brought them this time,
  the answers on the form, the parts watched, the questions with published answers, and every message: its step,
  channel, state with the reason, template, each hand-off that did not simply succeed, and what providers reported.
- `consents`: every yes and no, with the wording that was shown and what was noted beside it.
- `permissions`: the answer that counts now, for each kind of message.
- `stops`: what keeps messages from their addresses, or once did.
- `replies`: what they wrote to us from their addresses.

It tells of the record that the link belongs to. Left out are the numbers that only this service uses, the raw
calls of providers (what they say is in the reports), hashes, and whatever was said from a number that somebody else
has as well. Somebody who has changed their email finds here what belongs to the present one: the other mailbox may
be a stranger's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from campaigns.domain.lifecycle import Status
from campaigns.errors import NotFound
from campaigns.operations.sign_up import open_answer
from campaigns.store import own_data as store
from campaigns.store.engine import Connection
from campaigns.store.own_data import Row
from campaigns.store.sealing import Seal

_UNREADABLE: Final = "(not readable any more)"
_CHANNELS: Final = {"email": "email", "sms": "text"}
_NEVER_THEIRS: Final = ("staff", "import", "row")
"""Of the evidence: which member of staff, which list and which row; numbers of ours."""
_SHARED: Final = (
    "Texts that came from your mobile number, because somebody else has registered with the same number."
    " Ask us for them."
)


def own_data(db: Connection, registrant_id: int, seal: Seal, now: datetime) -> dict[str, Any]:
    """Gather everything we hold about a person and nothing of anybody else; changes nothing."""
    rows = store.rows_of(db, registrant_id)
    left_out = [_SHARED] if store.shares_number(db, registrant_id) else []
    found = {
        "about": {
            "made_at": now,
            "how_to_read": "Times are in UTC. A time, text or number that is not known is null.",
            "left_out": left_out,
        },
        "person": _person(store.person(db, registrant_id)),
        "registrations": _registrations(rows, seal),
        "consents": [_consent(one) for one in rows["consents"]],
        "permissions": [{**_kind(one), "granted": one["granted"], "since": one["at"]} for one in rows["permissions"]],
        "stops": [_stop(one) for one in rows["stops"]],
        "replies": [_reply(one, seal) for one in rows["replies"]],
    }
    return {name: _written(part) for name, part in found.items()}


def _written(found: Any) -> Any:
    """Write instants as ISO 8601 in UTC, at any depth; everything else stays as it is."""
    if isinstance(found, datetime):
        return found.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(found, Mapping):
        return {name: _written(value) for name, value in found.items()}
    return [_written(one) for one in found] if isinstance(found, list) else found


def _person(row: Row) -> dict[str, Any]:
    return {
        "first_name": row["first_name"],
        "last_name": row["last_name"],
        "email": row["email"],
        "mobile_number": row["phone"],
        "time_zone": row["zone"],
        "language": row["language"],
        "what_first_brought_you": row["first_touch"],
        "known_since": row["created_at"],
    }


def _registrations(rows: Mapping[str, Iterable[Row]], seal: Seal) -> list[dict[str, Any]]:
    attempts, reports = _by("delivery_id", rows["attempts"], _attempt), _by("delivery_id", rows["reports"], _report)

    def message(row: Row) -> dict[str, Any]:
        return {**_message(row), "attempts": attempts[row["id"]], "reports": reports[row["id"]]}

    parts = {
        "answers_on_the_form": _by("registration_id", rows["answers"], lambda row: _answer(row, seal)),
        "watched": _by("registration_id", rows["viewings"], _viewing),
        "questions": _by("registration_id", rows["questions"], lambda row: _question(row, seal)),
        "messages": _by("registration_id", rows["deliveries"], message),
    }
    return [
        {**_registration(row), **{name: part[row["id"]] for name, part in parts.items()}}
        for row in rows["registrations"]
    ]


def _by(key: str, rows: Iterable[Row], shape: Callable[[Row], dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(shape(row))
    return found


def _registration(row: Row) -> dict[str, Any]:
    known_by = row["attendance_evidence"]
    return {
        "class": row["title"],
        "starts_at": row["starts_at"],
        "ends_at": row["ends_at"],
        "class_cancelled_at": row["cancelled_at"],
        "registered_at": row["registered_at"],
        "registered_by": row["source"],
        "what_brought_you": row["touch"],
        "standing": row["standing"],
        "waiting_since": row["waiting_since"],
        "offered_at": row["offered_at"],
        "offer_ends_at": row["offer_ends_at"],
        "withdrawn_at": row["withdrawn_at"],
        "time_zone": row["zone"],
        "attendance": row["attendance"],
        "attended_seconds": row["attended_seconds"],
        "attendance_known_by": {name: known_by[name] for name in known_by if name not in ("staff", "list")},
        "confirmations_held_back": list(row["held_back"]),
        "texts_wait_for_a_code": _asking(row["texts_asked"]),
        "texts_agreed_to_later_at": row["texts_agreed_at"],
    }


def _asking(kept: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if kept is None:
        return None
    return {"number": kept["phone"], "asked_at": kept["at"], "wrong_codes": kept["tries"], "from_ip": kept["ip"]}


def _answer(row: Row, seal: Seal) -> dict[str, Any]:
    try:
        given = list(open_answer(seal, row["answer"]))
    except NotFound:
        given = [_UNREADABLE]
    return {"question": row["label"], "answer": given, "answered_at": row["at"]}


def _viewing(row: Row) -> dict[str, Any]:
    return {
        "what": "with the class" if row["mode"] == "live" else "the recording",
        "seconds": row["seconds"],
        "first_at": row["first_at"],
        "last_at": row["last_at"],
    }


def _question(row: Row, seal: Seal) -> dict[str, Any]:
    answer = {"title": row["title"], "words": row["answer"], "published_at": row["published_at"]}
    return {
        "asked_at": row["asked_at"],
        "asked_on": row["source"],
        "words": _opened(seal, row["body"]),
        "answer": answer if row["published_at"] else None,
        "closed_at": row["closed_at"],
        "closed_because": row["closed_reason"],
    }


def _message(row: Row) -> dict[str, Any]:
    return {
        "step": row["step"],
        "channel": _CHANNELS[row["channel"]],
        "due_at": row["due_at"],
        "useless_after": row["expires_at"],
        "state": Status(row["status"]).name.lower(),
        "reason": row["reason"],
        "sent_at": row["sent_at"],
        "sent_to_number": row["phone"],
        "name_at_the_provider": row["provider_id"],
        "template": row["template"],
        "template_version_of": row["template_from"],
    }


def _attempt(row: Row) -> dict[str, Any]:
    return {
        "number": row["number"],
        "outcome": row["outcome"],
        "detail": row["detail"],
        "begun_at": row["opened_at"],
        "noted_at": row["at"],
    }


def _report(row: Row) -> dict[str, Any]:
    return {"says": row["kind"], "code": row["code"], "detail": row["detail"], "at": row["at"]}


def _consent(row: Row) -> dict[str, Any]:
    # Everybody with the number has the very words of whoever said stop for it.
    hidden = (*_NEVER_THEIRS, "words") if row["shared"] else _NEVER_THEIRS
    return {
        **_kind(row),
        "granted": row["granted"],
        "at": row["at"],
        "for_address": row["address"],
        "means": row["means"],
        "wording_title": row["title"],
        "wording": row["text"],
        "noted_beside_it": {name: value for name, value in row["evidence"].items() if name not in hidden},
    }


def _stop(row: Row) -> dict[str, Any]:
    return {
        "channel": _CHANNELS[row["channel"]],
        "address": row["address"],
        "kind": row["purpose"] or "every kind",
        "reason": row["reason"],
        "since": row["at"],
        "ended_at": row["lifted_at"],
    }


def _reply(row: Row, seal: Seal) -> dict[str, Any]:
    return {
        "channel": _CHANNELS[row["channel"]],
        "from_address": row["sender"],
        "came_at": row["received_at"],
        "taken_as": row["meaning"],
        "words": _opened(seal, row["body"]),
    }


def _kind(row: Row) -> dict[str, Any]:
    return {"channel": _CHANNELS[row["channel"]], "kind": row["purpose"]}


def _opened(seal: Seal, body: bytes) -> str:
    try:
        return seal.open(body).decode("utf-8", "replace")
    except NotFound:
        return _UNREADABLE
