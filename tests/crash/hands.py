"""Someone at work on one message: writes, publishes, approves, takes back, lets approvals run out, signs people up.

A process of its own, so that several of them get in each other's way as people do. Every act is
written down with the service's clock before its transaction began and after it was over; what was
declined, because somebody else was faster, is counted only.

    python -m tests.crash.hands --seed 7 --seconds 20 --name a --journal FILE --session 3
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from campaigns.errors import CampaignsError
from campaigns.operations.approve import Yes, approve_version, withdraw_approval
from campaigns.operations.claims import sign_claim, withdraw_claim
from campaigns.operations.compose import open_writing, save, words_in
from campaigns.operations.publish import publish_draft
from campaigns.operations.register import Request, register
from campaigns.runtime import Runtime, build
from campaigns.settings import read_settings
from campaigns.store.approvals import Approval, approve
from campaigns.store.engine import transaction
from campaigns.store.staff import Member
from campaigns.store.versions import Version, versions_of

MESSAGE = "waiting-moved"
CLAIMS = ("who", "cost")
WRITER = Member(1, "writer@clinic.example", "Max Writer", "marketing")
DOCTOR = Member(2, "doctor@clinic.example", "Dr. Ada Brook", "clinician")
_SHORT = 40.0
"""Seconds of the service's clock within which an approval of the short kind runs out."""
_MOST_DAYS = 365


class Hands:
    """What one process does, by chance."""

    def __init__(self, runtime: Runtime, name: str, session_id: int, chance: random.Random) -> None:
        self._runtime, self._name, self._session, self._chance = runtime, name, session_id, chance
        self._number = 0

    def act(self) -> dict[str, Any] | None:
        """Do one thing; gives what was done, None where somebody else was faster or the rules said no."""
        acts = (self.publish, self.publish, self.approve, self.approve, self.approve, self.briefly)
        acts += (self.withdraw, self.withdraw, self.fall, self.sign, self.come, self.come, self.come)
        chosen = self._chance.choice(acts)
        before = self._runtime.clock()
        try:
            told = chosen()
        except CampaignsError:
            return None
        after = self._runtime.clock()
        if told is None:
            return None
        return {"act": chosen.__name__, "before": before.isoformat(), "after": after.isoformat(), **told}

    def publish(self) -> dict[str, Any]:
        """Change one thing about the words, and publish them."""
        self._number += 1
        with transaction(self._runtime.engine) as db:
            writing = open_writing(db, MESSAGE)
            words = words_in(writing.files)
            mark = f"{self._name}{self._number}"
            subject = words.parts["subject.en"].partition(" (")[0]
            claims = tuple(one for one in CLAIMS if self._chance.random() < 0.3)  # a chance
            words = replace(words, parts={**words.parts, "subject.en": f"{subject} ({mark})"}, claims=claims)
            opened = {"version_id": writing.version_id, "seen": writing.seen}
            seen = save(db, MESSAGE, words, **opened, staff_id=WRITER.id, now=self._now)
        with transaction(self._runtime.engine) as db:
            folder = self._runtime.templates / "messages"
            version = publish_draft(db, MESSAGE, folder, seen=seen, member=WRITER, now=self._now)
        return {"version": version, "mark": mark, "claims": claims}

    def approve(self) -> dict[str, Any]:
        """A clinician's yes to one of the newest versions."""
        with transaction(self._runtime.engine) as db:
            version = self._one_of(versions_of(db, MESSAGE))
            yes = Yes(version.content_hash, "MD, Maine 1", "none", "PMID 1", self._chance.randint(1, _MOST_DAYS))
            approve_version(db, MESSAGE, version.id, yes, member=DOCTOR, now=self._now)
        return {"version": version.id}

    def briefly(self) -> dict[str, Any]:
        """A yes that runs out within moments; no form gives one, so it is written as the form's would be."""
        with transaction(self._runtime.engine) as db:
            version = self._one_of(versions_of(db, MESSAGE))
            ends = self._now + timedelta(seconds=self._chance.uniform(1, _SHORT))
            approve(db, version.id, Approval(DOCTOR.name, "MD, Maine 1", ends), self._now)
        return {"version": version.id, "expires": ends.isoformat()}

    def withdraw(self) -> dict[str, Any]:
        """Take every approval of a version back."""
        with transaction(self._runtime.engine) as db:
            version = self._one_of(versions_of(db, MESSAGE))
            withdraw_approval(db, MESSAGE, version.id, "a second thought", member=DOCTOR, now=self._now)
        return {"version": version.id}

    def fall(self) -> dict[str, Any]:
        """Withdraw a claim, and with it every message that makes it."""
        claim = self._chance.choice(CLAIMS)
        with transaction(self._runtime.engine) as db:
            withdraw_claim(db, claim, "a newer study", member=DOCTOR, now=self._now, captures=())
        return {"claim": claim}

    def sign(self) -> dict[str, Any]:
        """Sign a claim, so that it may be made again."""
        claim = self._chance.choice(CLAIMS)
        with transaction(self._runtime.engine) as db:
            sign_claim(db, claim, "read again", citation="a study of runners", member=DOCTOR, now=self._now)
        return {"claim": claim}

    def come(self) -> dict[str, Any]:
        """Some people sign up: each is due the message at once."""
        with transaction(self._runtime.engine) as db:
            for _ in range(self._chance.randint(1, 12)):
                self._number += 1
                address = f"{self._name}{self._number}@example.org"
                asked = Request(
                    session_id=self._session, first_name="Sam", email=address, zone="America/New_York", consents={}
                )
                register(db, asked, self._runtime.hours, self._now, horizon=self._runtime.settings.horizon)
        return {}

    @property
    def _now(self):
        return self._runtime.clock()

    def _one_of(self, versions: list[Version]) -> Version:
        """Choose among the newest three: who reads an old version is rarer."""
        return self._chance.choice(versions[:3])


def main() -> None:
    reader = argparse.ArgumentParser()
    for name, kind in (("seed", int), ("seconds", float), ("name", str), ("journal", Path), ("session", int)):
        reader.add_argument(f"--{name}", type=kind, required=True)
    asked = reader.parse_args()
    until = time.monotonic() + asked.seconds
    with build(read_settings()) as runtime, asked.journal.open("a", encoding="utf-8") as journal:
        hands = Hands(runtime, asked.name, asked.session, random.Random(f"{asked.seed} {asked.name}"))
        while time.monotonic() < until:
            told = hands.act()
            journal.write(json.dumps(told or {"act": "declined"}) + "\n")
            journal.flush()
    sys.exit(0)


if __name__ == "__main__":
    main()
