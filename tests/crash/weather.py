"""What the servers outside do wrong in a run, and what the ledger may rightly say because of it.

Everything by lot, from the run's seed. What decides a person's fate for good hangs on their
address or number, so that a proof can say whether a refusal was really given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.crash.evidence import Row

_GONE = "@gone.example.org"
NOBODY = "550 5.1.1 Nobody of that name at this house"
LATER = "451 Call again when the kettle has boiled"
BUSY = "421 4.3.2 The house is full for a moment"
_OPTED_OUT = 21610

Rules = list[dict[str, Any]]


@dataclass(frozen=True)
class Weather:
    """The faults of one run; without any it is calm."""

    smtp: Rules = field(default_factory=list)
    twilio: Rules = field(default_factory=list)
    callbacks: dict[str, Any] | None = None
    opted_out: frozenset[str] = frozenset()
    """Numbers that Twilio refuses, because their owners told it so."""

    def address(self, name: str, *, gone: bool) -> str:
        """Give somebody an email address; there is nobody behind one that is `gone`."""
        return f"{name}{_GONE if gone else '@example.org'}"

    def refuses(self, row: Row) -> bool:
        """Say whether the server refuses everything for this recipient, in the words that the ledger keeps."""
        if row.channel == "email":
            return row.wanted[0].endswith(_GONE) and row.reason == NOBODY
        return row.wanted[0] in self.opted_out and row.reason.startswith(str(_OPTED_OUT))

    def defers(self, row: Row) -> bool:
        """Say whether every deferral in a row's history is in the words of the server."""
        put_off = [one for one in row.tried if one.outcome == "deferred"]
        ours = ("429", "20429") if row.channel == "sms" else (LATER, BUSY)
        return (
            bool(put_off)
            and bool(self.smtp)
            and all(one.detail.removeprefix("given up before it became useless: ").startswith(ours) for one in put_off)
        )


CALM = Weather()


def storm(chance: Random, opted_out: frozenset[str], *, by_email: float = 1.0, by_text: float = 1.0) -> Weather:
    """Give the weather of a storm; the two factors make it stronger or weaker.

    In most of them Twilio is silent about what it took without an answer that reached us:
    then it has to be found there.
    """
    return Weather(
        smtp=[
            {"at": "rcpt", "match": _GONE, "reply": NOBODY},
            {"at": "rcpt", "share": 0.02 * by_email, "reply": LATER},
            {"at": "mail", "share": 0.001 * by_email, "reply": BUSY, "close": True},
            {"at": "dot", "share": 0.004 * by_email},
            {"at": "dot", "share": 0.004 * by_email, "keep": True},
            {"at": "dot", "share": 0.006 * by_email, "close": True},
            {"at": "dot", "share": 0.006 * by_email, "close": True, "keep": True},
            {"at": "dot", "share": 0.006 * by_email, "reply": LATER},
        ],
        twilio=[
            *({"to": number, "status": 400, "code": _OPTED_OUT} for number in sorted(opted_out)),
            {"share": 0.01 * by_text, "status": 429, "code": 20429, "retry_after": "1"},
            {"share": 0.01 * by_text, "status": 500, "code": 20500},
            {"share": 0.01 * by_text, "status": 500, "code": 20500, "keep": True},
            {"share": 0.006 * by_text},
            {"share": 0.006 * by_text, "keep": True},
            {"share": 0.01 * by_text, "close": True, "keep": True},
            {"on": "GET", "share": 0.2, "status": 500, "code": 20500},
            {"on": "GET", "share": 0.05},
        ],
        callbacks={
            "delay": 0.05,
            "jitter": 0.6,
            "twice": 0.1,
            "shuffled": 0.2,
            "unsent": 0.05,
            "retries": 3,
            "pause": 0.2,
            "after_lost": chance.random() < 0.25,
            "fates": [
                {"status": "failed", "error_code": _OPTED_OUT, "share": 0.02},
                {"status": "undelivered", "error_code": 30003, "share": 0.03},
            ],
        },
        opted_out=opted_out,
    )
