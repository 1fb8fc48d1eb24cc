"""Ask the provider for texts in doubt, before anybody thinks of sending one again.

Creating a text has no idempotency key, so a lost answer leaves a question that only the
provider can settle: its status callback, which carries our own token, or its list of what
it has for the number. What neither knows after several looks was not taken: a text about
the session itself goes once more while it is of use, everything else is let go.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from campaigns import logs
from campaigns.domain.messages import Trace
from campaigns.domain.steps import Purpose
from campaigns.operations.settlements import LOOKS, Looks
from campaigns.providers.base import Provider
from campaigns.store import alerts
from campaigns.store.engine import Engine, transaction
from campaigns.store.resolutions import Doubtful, doubtful_texts, found_at_provider, look_again, not_at_provider

_MANY: Final = 50
_ONE_LOOK: Final = timedelta(seconds=60)
"""A look that is under way is not begun by anybody else for so long."""


def reconcile(engine: Engine, provider: Provider, now: datetime, *, looks: Looks = LOOKS) -> int:
    """Look for every text in doubt whose time has come; give the number of those that are settled.

    A look that could not be made, because the provider did not answer, does not count.
    """
    with transaction(engine) as db:
        waiting = doubtful_texts(db, now, now + _ONE_LOOK, _MANY)
    settled = 0
    for text in waiting:
        found = provider.ask(Trace(text.phone, text.fingerprint, text.opened_at))
        if found is None:
            with transaction(engine) as db:
                look_again(db, text, now + looks[-1] / 4, counts=False)
        elif found.provider_ids:
            settled += _found(engine, text, found.provider_ids, now)
        elif text.looks + 1 < len(looks):
            with transaction(engine) as db:
                look_again(db, text, now + looks[text.looks + 1], counts=True)
        else:
            settled += _nowhere(engine, text, now)
    return settled


def _found(engine: Engine, text: Doubtful, provider_ids: Sequence[str], now: datetime) -> bool:
    with transaction(engine) as db:
        settled = found_at_provider(db, text, provider_ids[0], now)
        if len(provider_ids) > 1:
            # Kept on the delivery too: somebody got it twice, and the ledger has to say so.
            words = f"Delivery {text.delivery_id}: the provider has this text {len(provider_ids)} times"
            alerts.raise_alert(db, "bug", f"delivery:{text.delivery_id}: doubled", words, now)
    logs.event("text in doubt was found", delivery=text.delivery_id, copies=len(provider_ids))
    return settled


def _nowhere(engine: Engine, text: Doubtful, now: datetime) -> bool:
    once_more = text.purpose is Purpose.SERVICE and text.doubts <= 1 and now < text.expires_at
    with transaction(engine) as db:
        settled = not_at_provider(db, text, now, once_more=once_more)
    logs.event("text in doubt was not taken", delivery=text.delivery_id, once_more=once_more)
    return settled
