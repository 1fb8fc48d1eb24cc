"""The tables, one file per family; private to the store."""

from campaigns.store.tables.base import metadata
from campaigns.store.tables.campaigns import campaign, step, template_version
from campaigns.store.tables.ledger import attempt, batch, delivery, rhythm
from campaigns.store.tables.people import (
    consent,
    consent_wording,
    permission,
    registrant,
    registrant_import,
    registration,
    suppression,
)
from campaigns.store.tables.staff import audit, login, login_failure, staff
from campaigns.store.tables.webinars import webinar, webinar_session

__all__ = [
    "attempt",
    "audit",
    "batch",
    "campaign",
    "consent",
    "consent_wording",
    "delivery",
    "login",
    "login_failure",
    "metadata",
    "permission",
    "registrant",
    "registrant_import",
    "registration",
    "rhythm",
    "staff",
    "step",
    "suppression",
    "template_version",
    "webinar",
    "webinar_session",
]
