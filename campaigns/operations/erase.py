"""Somebody erases themselves on their own page: nothing more leaves, and nothing tells any more who they were.

What goes: name, addresses, where they came from, answers on forms, what they asked and wrote, the raw calls
of providers about their messages, and what IP and browser stood beside a consent.

What stays, and why:

- That somebody had a place, which messages were due and left, whether they came, and how much they watched:
  counts stay true. It hangs on a registrant named Erased, whose email is a stand-in. Language and time zone stay,
  and the providers' own names for messages.
- Every consent and every revocation with kind, time, means and wording. Who texts or mails for marketing must be
  able to prove the yes and the stop for years (TCPA: 47 CFR 64.1200 and 28 U.S.C. 1658; CAN-SPAM: 15 U.S.C. 7704).
  In the place of the address stands a keyed hash: whoever shows us the address can be answered, and nobody
  without the secret can find it by trying. It is known by the secret of the day; once that is not even among the
  former ones, by nobody.
- Live suppressions, address and all: a STOP outlives the person's record, or the next form would undo it.
- The hashes of their addresses, so that no list brings them back. The form takes them as anybody new.
- An address that somebody else has as well, where it stands for that person: also what was written from it.

What this does not reach: raw calls that came without telling whose they were, or that come later about
messages that have left, and what they write to us later (sealed, but for who wrote it, and without an end
today); hashes that sign-ups are counted by (a day); a list that staff uploaded (a day, see `uploads.py`);
accounts of staff; captured messages of a trial in the outbox; backups; and what the relay and Twilio keep.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from campaigns.domain.erasure import address_hash, blinded_address, blinded_evidence
from campaigns.errors import LinkExpired
from campaigns.operations import hear
from campaigns.operations.ask import Ear
from campaigns.operations.sign_up import Guard
from campaigns.store import consents, erasures, people
from campaigns.store.engine import Connection

_BLANK: Final = b"(erased)"
_GONE: Final = "Somebody wrote words that needed a person, and then erased their data. The words are gone."


def erase(db: Connection, registration_id: int, guard: Guard, now: datetime) -> bool:
    """Erase whoever a registration belongs to, with all their registrations; False if they were erased before.

    Places in classes to come are given up without receipts. What is planned or queued is skipped at
    once; a message that is being handed over at this moment arrives, and what would follow from its
    failure falls at the last look.
    What they wrote and nobody has acted on is acted on first, so that no stop is lost.

    A record that they left behind under a former address, and that no link opens any more, goes with it.
    Raises `LinkExpired` for a registration that does not exist.
    """
    place = people.place(db, registration_id)
    if place is None:
        raise LinkExpired
    theirs = erasures.people_of(db, place.registrant_id)
    wrote = [(one.channel, one.address) for one in erasures.addresses_of(db, theirs)]
    hear.apply_what_came_from(db, Ear(guard.seal, guard.words), wrote, now)
    left = erasures.lock(db, theirs)
    if place.registrant_id not in left:
        return False
    # Only now: a number may have been added, or a stop been written, until the lock was ours.
    addresses = erasures.addresses_of(db, left)
    _say_no(db, left, guard.secret, now)
    erasures.clear(db, left, addresses, blank=guard.seal.close(_BLANK), gone=_GONE, now=now)
    for proof in erasures.proofs_of(db, left):
        if not proof.address.startswith("erased:"):
            blinded = blinded_address(guard.secret, proof.channel, proof.address)
            erasures.blind(db, proof.consent_id, blinded, blinded_evidence(guard.secret, proof.evidence))
    hashes = {(one.channel, address_hash(guard.secret, one.channel, one.address)) for one in addresses}
    erasures.keep_hashes(db, hashes, now)
    return True


def _say_no(db: Connection, left: list[int], secret: bytes, now: datetime) -> None:
    """Write down that every yes ends here: the last word of the proof."""
    for person, channel, purpose in erasures.agreed_to(db, left):
        given_for = consents.granted_for(db, person)[channel, purpose]
        answer = consents.Answer(
            channel=channel,
            purpose=purpose,
            granted=False,
            address=blinded_address(secret, channel, given_for),
            means="link",
            evidence={"means": "erased", "scope": purpose.value},
        )
        consents.record(db, person, answer, now)
