"""Somebody says stop, by whatever means: one record, and nothing goes out from then on.

Consent may be revoked by any reasonable means (47 CFR 64.1200(a)(10)): a reply to a text
or an email, a web form, a word to somebody at the desk. All of them come here. An address
that several people share is stopped for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from campaigns.domain.steps import Channel, Purpose
from campaigns.store import consents
from campaigns.store.engine import Connection
from campaigns.store.people import registrants_at
from campaigns.store.watermarks import plan_anew

_MEANS = {
    "reply": "reply",
    "email": "reply",
    "link": "link",
    "one_click": "one_click",
    "form": "form",
    "staff": "staff",
    "complaint": "provider",
    "provider": "provider",
}
"""How a revocation reached us, and the word for it that consent rows keep."""


@dataclass(frozen=True, slots=True)
class Revocation:
    """Who says stop to what."""

    channel: Channel
    address: str
    """Email in lower case, or E.164."""
    purpose: Purpose | None
    """None: to everything on this channel."""
    means: str
    """`reply` (to a text), `email`, `link`, `one_click`, `form`, `staff`, `complaint` or `provider`."""
    words: str
    """What they wrote or said, verbatim; empty if they pressed a button."""
    now: datetime
    staff_id: int | None = None
    """Who noted it, if somebody did."""


def revoke(db: Connection, said: Revocation) -> bool:
    """Suppress the address and write a revocation for everybody who goes by it; False if it was suppressed before.

    What is planned or queued falls at the last look. Repeating it changes nothing.
    """
    new = consents.suppress(
        db, said.channel, said.address, said.purpose, reason="unsubscribed", source=said.means, now=said.now
    )
    evidence: dict[str, object] = {"means": said.means, "scope": said.purpose.value if said.purpose else "all"}
    if said.words:
        evidence["words"] = said.words
    if said.staff_id is not None:
        evidence["staff"] = said.staff_id
    for registrant_id in registrants_at(db, said.channel, said.address):
        standing = consents.permissions_of(db, registrant_id)
        for purpose in [said.purpose] if said.purpose else list(Purpose):
            if standing.get((said.channel, purpose)):
                answer = consents.Answer(
                    channel=said.channel,
                    purpose=purpose,
                    granted=False,
                    address=said.address,
                    means=_MEANS[said.means],
                    evidence=evidence,
                )
                consents.record(db, registrant_id, answer, said.now)
        if said.channel is Channel.SMS:
            plan_anew(db, registrant_id, said.now)  # who gets no texts any more gets some of it by email
    return new


def let_flow(db: Connection, number: str, now: datetime) -> bool:
    """START from the handset: texts flow again for what was agreed to before; False if nothing was stopped.

    Only what this number itself stopped comes back; a number the provider calls dead stays so.
    """
    lifted = [consents.lift(db, Channel.SMS, number, purpose, now) for purpose in (None, *Purpose)]
    for registrant_id in registrants_at(db, Channel.SMS, number):
        for purpose in consents.revoked_by_reply(db, registrant_id, number):
            answer = consents.Answer(
                channel=Channel.SMS,
                purpose=purpose,
                granted=True,
                address=number,
                means="reply",
                evidence={"means": "reply", "scope": purpose.value},
            )
            consents.record(db, registrant_id, answer, now)
        plan_anew(db, registrant_id, now)
    return any(lifted)
