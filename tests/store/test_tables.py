"""Wrong states cannot be stored."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from campaigns.domain.lifecycle import Status
from campaigns.store.engine import Connection

NOW = "'2027-03-01 17:00+00'"
_WORLD = f"""
INSERT INTO webinar (id, slug, title, class_title, promise, summary, points, host_name, host_role, zone, created_at)
  VALUES (1, 'one', 'T', 'C', 'P', 'S', '[]', 'H', 'R', 'UTC', {NOW});
INSERT INTO webinar_session (id, webinar_id, starts_at, ends_at, created_at)
  VALUES (1, 1, {NOW}::timestamptz + interval '1 day', {NOW}::timestamptz + interval '25 hours', {NOW});
INSERT INTO registrant (id, email, first_name, zone, created_at) VALUES (1, 'a@b.example', 'A', 'UTC', {NOW});
INSERT INTO registration (id, session_id, registrant_id, zone, source, registered_at) VALUES (1, 1, 1, 'UTC', 'web', {NOW});
INSERT INTO campaign (id, webinar_id, name, created_at) VALUES (1, 1, 'C', {NOW});
INSERT INTO step (id, campaign_id, key, name, anchor, offset_delta, channel, audience, purpose, priority, template,
    expires_anchor, expires_delta, late, quiet, active_from)
  VALUES (1, 1, 'B4', 'B4', 'starts', '0', 'email', 'everyone', 'service', 0, 't', 'starts', '1 h', 'skip', 'ignore', {NOW});
INSERT INTO delivery (id, registration_id, session_id, step_id, revision, channel, priority, due_at, expires_at)
  VALUES (1, 1, 1, 1, 1, 'email', 0, {NOW}, {NOW}::timestamptz + interval '1 hour');
"""

WRONG = [
    ("delivery", "channel", "'fax'", "channel_known"),
    ("delivery", "priority", "2", "priority_known"),
    ("delivery", "status", "9", "status_known"),
    ("delivery", "expires_at", "due_at", "expires_after_due"),
    *(
        ("delivery", "status", str(int(status)), "reason_given")
        for status in (Status.SKIPPED, Status.FAILED, Status.BOUNCED, Status.UNKNOWN)
    ),
    *(("delivery", "status", str(int(status)), "held_by_a_batch") for status in (Status.QUEUED, Status.SENDING)),
    *(("delivery", "status", str(int(status)), "sent_has_a_time") for status in (Status.SENT, Status.DELIVERED)),
    ("webinar", "slug", "'No Spaces'", "slug_is_plain"),
    ("webinar_session", "ends_at", "starts_at", "ends_after_start"),
    ("webinar_session", "revision", "0", "revision_positive"),
    ("webinar_session", "capacity", "0", "capacity_positive"),
    ("webinar_session", "moved_at", "starts_at", "move_is_whole"),
    ("webinar_session", "cancelled_at", "starts_at", "cancelling_raises_revision"),
    ("registrant", "email", "'A@B.example'", "email_normal"),
    ("registrant", "email", "'nobody'", "email_normal"),
    ("registrant", "phone", "'207-555-0100'", "phone_is_e164"),
    ("registration", "source", "'dream'", "source_known"),
    ("registration", "attendance", "'perhaps'", "attendance_known"),
    ("registration", "withdrawn_at", "registered_at - interval '1 s'", "withdrawn_after_registered"),
    ("registration", "held_back", "ARRAY['fax']", "held_back_known"),
    ("step", "anchor", "'joined'", "anchor_known"),
    ("step", "channel", "'fax'", "channel_known"),
    ("step", "audience", "'friends'", "audience_known"),
    ("step", "purpose", "'fun'", "purpose_known"),
    ("step", "expires_anchor", "'joined'", "expires_anchor_known"),
    ("step", "late", "'never'", "late_known"),
    ("step", "quiet", "'loud'", "quiet_known"),
    ("step", "priority", "2", "priority_known"),
    ("step", "offset_days", "1", "one_kind_of_offset"),
]


@pytest.mark.parametrize(("table", "column", "value", "rule"), WRONG)
def test_a_wrong_state_is_refused(db: Connection, table: str, column: str, value: str, rule: str) -> None:
    _make(db)
    with pytest.raises(IntegrityError, match=f"ck__{table}__{rule}"):
        db.execute(text(f"UPDATE {table} SET {column} = {value}"))


ROWS = [
    ("batch (channel, priority, size, claimed_at)", f"'fax', 0, 1, {NOW}", "channel_known"),
    ("attempt (delivery_id, number, outcome, detail, at)", f"1, 1, 'hope', '', {NOW}", "outcome_known"),
    (
        "consent (registrant_id, channel, purpose, granted, address, means, at)",
        f"1, 'fax', 'service', true, 'x', 'form', {NOW}",
        "channel_known",
    ),
    (
        "consent (registrant_id, channel, purpose, granted, address, means, at)",
        f"1, 'sms', 'fun', true, 'x', 'form', {NOW}",
        "purpose_known",
    ),
    (
        "consent (registrant_id, channel, purpose, granted, address, means, at)",
        f"1, 'sms', 'service', true, 'x', 'guess', {NOW}",
        "means_known",
    ),
    (
        "form_field (webinar_id, key, label, kind, position, created_at)",
        f"1, 'Miles', 'Miles', 'text', 1, {NOW}",
        "key_is_plain",
    ),
    (
        "form_field (webinar_id, key, label, kind, position, created_at)",
        f"1, 'miles', 'Miles', 'essay', 1, {NOW}",
        "kind_known",
    ),
    (
        "form_field (webinar_id, key, label, kind, position, created_at)",
        f"1, 'miles', 'Miles', 'single', 1, {NOW}",
        "options_fit_kind",
    ),
    ("suppression (channel, address, reason, source, at)", f"'fax', 'x', 'staff', 's', {NOW}", "channel_known"),
    ("suppression (channel, address, reason, source, at)", f"'sms', 'x', 'mood', 's', {NOW}", "reason_known"),
    (
        "consent_wording (channel, purpose, title, text, content_hash, created_at)",
        f"'fax', 'service', 't', 't', 'h', {NOW}",
        "channel_known",
    ),
    (
        "consent_wording (channel, purpose, title, text, content_hash, created_at)",
        f"'sms', 'fun', 't', 't', 'h', {NOW}",
        "purpose_known",
    ),
    ("staff (email, name, role, password_hash, created_at)", f"'a@b.example', 'A', 'king', 'h', {NOW}", "role_known"),
    (
        "staff (email, name, role, password_hash, created_at)",
        f"'A@b.example', 'A', 'admin', 'h', {NOW}",
        "email_normal",
    ),
]


@pytest.mark.parametrize(("target", "values", "rule"), ROWS)
def test_a_wrong_row_is_refused(db: Connection, target: str, values: str, rule: str) -> None:
    _make(db)
    with pytest.raises(IntegrityError, match=rule):
        db.execute(text(f"INSERT INTO {target} VALUES ({values})"))


TWICE = [
    "INSERT INTO registration (session_id, registrant_id, zone, source, registered_at) SELECT session_id, registrant_id, zone, source, registered_at FROM registration",
    "INSERT INTO delivery (registration_id, session_id, step_id, revision, channel, priority, due_at, expires_at) SELECT registration_id, session_id, step_id, revision, channel, priority, due_at, expires_at FROM delivery",
    f"INSERT INTO registrant (email, first_name, zone, created_at) VALUES ('a@b.example', 'B', 'UTC', {NOW})",
    f"INSERT INTO suppression (channel, address, reason, source, at) VALUES ('sms', 'x', 'staff', 's', {NOW}), ('sms', 'x', 'bounced', 's', {NOW})",
]


@pytest.mark.parametrize("statement", TWICE)
def test_what_there_can_be_only_one_of_is_there_once(db: Connection, statement: str) -> None:
    _make(db)
    with pytest.raises(IntegrityError, match="duplicate key"):
        db.execute(text(statement))


def test_a_place_that_was_given_up_leaves_room_for_another(db: Connection) -> None:
    _make(db)
    db.execute(text("UPDATE registration SET withdrawn_at = registered_at"))
    db.execute(text(TWICE[0]))
    assert db.execute(text("SELECT count(*) FROM registration")).scalar_one() == 2


def _make(db: Connection) -> None:
    for statement in _WORLD.strip().rstrip(";").split(";\n"):
        db.execute(text(statement.replace("::timestamptz", "\\:\\:timestamptz")))
