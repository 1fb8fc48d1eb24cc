"""Words that nobody approved never leave, whoever edits, approves, withdraws, expires, publishes and sends meanwhile."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from datetime import datetime, timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import text

from campaigns.operations.approve import Yes, approve_version
from campaigns.store.engine import transaction
from campaigns.store.staff import add_member
from campaigns.store.versions import versions_of
from tests.crash.hands import DOCTOR, MESSAGE, WRITER
from tests.crash.program import Program
from tests.crash.service import House, Outside, house, seed_number

pytestmark = pytest.mark.crash
_HANDS = ("a", "b", "c")
_SECONDS = 25.0
_RATE = 20.0
"""What may not leave yet is looked at again after five minutes of the service's clock."""
_NEVER = "9999-12-31T00:00:00+00:00"


def test_the_gate_holds_whoever_edits_approves_expires_publishes_and_sends(own_database_url):
    number = seed_number()
    with house(own_database_url, Outside(smtp_ms=40), rate=_RATE) as it:
        session = it.session(timedelta(days=9))
        _prepare(it)
        journals = [it.folder / f"{name}.journal" for name in _HANDS]
        it.run_scheduler()
        it.run_email_worker("email one")
        it.run_email_worker("email two")
        hands = [_hand(it, name, journal, session, number) for name, journal in zip(_HANDS, journals, strict=True)]
        it.wait(lambda: not any(one.alive for one in hands), "everybody to come to an end", pause=0.2)
        assert [one.process.returncode for one in hands] == [0, 0, 0], [one.log.read_text() for one in hands]
        _approve_the_newest(it)
        it.wait(
            lambda: not it.one("SELECT count(*) FROM delivery WHERE status IN (0, 1, 2)"), "all to leave", pause=0.3
        )
        acts = [json.loads(line) for journal in journals for line in journal.read_text().splitlines()]
        counts = Counter(one["act"] for one in acts)
        print(counts)  # noqa: T201  # how much was tried
        _much_was_tried(it, counts)
        _none_was_lost(it)
        assert _unapproved(it, acts) == []


def _prepare(it: House) -> None:
    """Let whoever registers get the message of the trial, and nobody have approved it yet."""
    it.sql("DELETE FROM step WHERE key <> 'C0'")
    it.sql("UPDATE step SET template = :name WHERE key = 'C0'", name=MESSAGE)
    it.sql("DELETE FROM approval")
    with transaction(it.runtime.engine) as db:
        for member in (WRITER, DOCTOR):
            now = it.runtime.clock()
            add_member(db, email=member.email, name=member.name, role=member.role, password_hash="x", now=now)
        assert db.execute(text("SELECT array_agg(id ORDER BY id) FROM staff")).scalar() == [WRITER.id, DOCTOR.id]


def _hand(it: House, name: str, journal, session: int, number: int) -> Program:
    command = [sys.executable, "-m", "tests.crash.hands", "--name", name, "--journal", str(journal)]
    command += ["--seed", str(number), "--seconds", str(_SECONDS), "--session", str(session)]
    return Program(name, command, it.environment, it.folder / f"{name}.log")


def _approve_the_newest(it: House) -> None:
    with transaction(it.runtime.engine) as db:
        db.execute(text("UPDATE claim SET status = 'reviewed'"))
        newest = versions_of(db, MESSAGE)[0]
        yes = Yes(newest.content_hash, "MD, Maine 1", "none", "PMID 1", 300)
        approve_version(db, MESSAGE, newest.id, yes, member=DOCTOR, now=it.runtime.clock())


def _much_was_tried(it: House, counts: Counter[str]) -> None:
    for act in ("publish", "approve", "briefly", "withdraw", "fall", "sign", "come"):
        assert counts[act] > 0, f"nobody did this: {act}"
    assert len(it.emails()) > 100, "too few messages left to prove anything"
    versions = it.one("SELECT count(DISTINCT template_version_id) FROM delivery WHERE template_version_id IS NOT NULL")
    assert versions > 3, "too few versions left to prove anything"


def _none_was_lost(it: House) -> None:
    """Everybody who came got the message once; nobody was left out for want of an approval."""
    states = dict(it.sql("SELECT status, count(*) FROM delivery GROUP BY 1"))
    sent = {one.recipient for one in it.emails()}
    assert len(it.emails()) == len(sent) == sum(states.values()) == states.get(3, 0), states


def _unapproved(it: House, acts: list[dict]) -> list[str]:
    """List what left though no approval of these very words can have been in force.

    An approval cannot hold before its transaction began, nor after the one that took it back was over,
    nor once it has run out; a delivery was opened between the moment on its row and the moment it arrived.
    """
    marks = {one["mark"]: one for one in acts if one["act"] == "publish"}
    newest = it.one("SELECT max(id) FROM template_version WHERE name = :name", name=MESSAGE)
    last = it.one("SELECT approved_at FROM approval WHERE template_version_id = :v ORDER BY id DESC LIMIT 1", v=newest)
    yeses: list[tuple[int, str, str]] = [(newest, last.isoformat(), _NEVER)]
    for one in acts:
        if one["act"] in ("approve", "briefly"):
            ended = min(one.get("expires", _NEVER), _taken_back(acts, marks, one))
            yeses.append((one["version"], one["before"], ended))
    opened = {
        row[0]: row[1:]
        for row in it.sql(
            "SELECT n.email, d.template_version_id, d.opened_at FROM delivery d"
            " JOIN registration r ON r.id = d.registration_id JOIN registrant n ON n.id = r.registrant_id"
        )
    }
    wrong = []
    for mail in it.emails():
        version, at = opened[mail.recipient]
        subject = message_from_bytes(mail.raw, policy=policy.default)["subject"]
        mark = re.search(r"\((\w+)\)$", subject)
        said = marks[mark[1]]["version"] if mark else min(one[0] for one in it.sql(_FIRST, name=MESSAGE))
        held = [
            yes
            for yes in yeses
            if yes[0] == version and yes[1] <= mail.virtual and at <= datetime.fromisoformat(yes[2])
        ]
        if said != version or not held:
            wrong.append(f"{subject}: version {version}, says {said}, opened {at}, arrived {mail.virtual}")
    return wrong


_FIRST = "SELECT id FROM template_version WHERE name = :name"


def _taken_back(acts: list[dict], marks: dict, yes: dict) -> str:
    """Say by when an approval was surely taken back: by itself, or with a claim that the words make."""
    claims = next((one["claims"] for one in marks.values() if one["version"] == yes["version"]), ())
    ends = [
        one["after"]
        for one in acts
        if one.get("before", "") > yes["after"]
        and (
            (one["act"] == "withdraw" and one["version"] == yes["version"])
            or (one["act"] == "fall" and one["claim"] in claims)
        )
    ]
    return min(ends, default=_NEVER)
