"""Texts and emails that people write to the office, taken in and applied as the service does it."""

from itertools import count

from campaigns.domain.receipts import InboundMail, InboundText
from campaigns.domain.steps import Channel
from campaigns.domain.streams import StreamName
from campaigns.operations import hear
from campaigns.store import receipts, streams
from campaigns.store.engine import transaction
from campaigns.store.streams import read_streams
from tests.factories import NUMBER

_events = count(1)


def text(office, body: str, sender: str = NUMBER, *, applied: bool = True) -> int:
    """Somebody texts; gives the id under which staff find it."""
    runtime = office.runtime
    with transaction(runtime.engine) as db:
        arrival = receipts.store_arrival(db, "twilio", runtime.seal.close(b"raw"), office.clock())
        one = InboundText(
            provider="twilio", event_id=f"SM{next(_events)}", sender=sender, recipient="+12075550100", body=body
        )
        hear.take_text(db, runtime.inbound_words, runtime.seal, arrival, one, office.clock(), by_twilio=False)
    return _newest(office, applied=applied)


def mail(office, body: str, sender: str, *, subject: str = "Re: your class", applied: bool = True) -> int:
    """Somebody answers an email; gives the id under which staff find it."""
    runtime = office.runtime
    with transaction(runtime.engine) as db:
        arrival = receipts.store_arrival(db, "mail", runtime.seal.close(b"raw"), office.clock())
        one = InboundMail(
            event_id=f"mail-{next(_events)}",
            sender=sender,
            recipient="class@clinic.example",
            subject=subject,
            text=body,
        )
        hear.take_mail(db, runtime.inbound_words, runtime.seal, arrival, one, None, office.clock())
    return _newest(office, applied=applied)


def way_out(office, channel: Channel = Channel.EMAIL, provider: str = "smtp", sender: str = "clinic.example") -> int:
    """A stream as the dispatcher writes it down; gives its id."""
    with transaction(office.runtime.engine) as db:
        return read_streams(db, [StreamName(channel, provider, sender)], office.clock())[channel].id


def stream(office, stream_id: int):
    """The stream as it is now."""
    with transaction(office.runtime.engine) as db:
        return next(one for one in streams.all_streams(db) if one.id == stream_id)


def _newest(office, *, applied: bool) -> int:
    if applied:
        hear.apply_inbound(office.runtime.engine, office.runtime.seal, office.runtime.inbound_words, office.clock())
    return office.world.one("SELECT max(id) FROM inbound")
