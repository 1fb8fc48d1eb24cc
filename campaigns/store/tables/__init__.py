"""The tables, one file per family; private to the store."""

from campaigns.store.tables.base import metadata
from campaigns.store.tables.campaigns import campaign, step
from campaigns.store.tables.content import approval, claim, message_draft, rounds, template_version, version_claim
from campaigns.store.tables.intake import form_answer, form_field, sign_up_count
from campaigns.store.tables.ledger import attempt, batch, delivery, rhythm
from campaigns.store.tables.people import (
    consent,
    consent_wording,
    erased_address,
    permission,
    registrant,
    registrant_import,
    registration,
    suppression,
)
from campaigns.store.tables.questions import doctor_answer, question
from campaigns.store.tables.receipts import address_hold, arrival, inbound, receipt, strike
from campaigns.store.tables.staff import audit, login, login_failure, staff
from campaigns.store.tables.streams import alert, domain_pause, kill_switch, stream
from campaigns.store.tables.viewings import viewing
from campaigns.store.tables.webinars import webinar, webinar_session

__all__ = [
    "address_hold",
    "alert",
    "approval",
    "arrival",
    "attempt",
    "audit",
    "batch",
    "campaign",
    "claim",
    "consent",
    "consent_wording",
    "delivery",
    "doctor_answer",
    "domain_pause",
    "erased_address",
    "form_answer",
    "form_field",
    "inbound",
    "kill_switch",
    "login",
    "login_failure",
    "message_draft",
    "metadata",
    "permission",
    "question",
    "receipt",
    "registrant",
    "registrant_import",
    "registration",
    "rhythm",
    "rounds",
    "sign_up_count",
    "staff",
    "step",
    "stream",
    "strike",
    "suppression",
    "template_version",
    "version_claim",
    "viewing",
    "webinar",
    "webinar_session",
]
