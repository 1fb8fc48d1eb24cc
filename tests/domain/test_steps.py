"""Which steps speak about the session's date, and so belong to one revision of it."""

from __future__ import annotations

from tests.domain import cadence as of


def test_only_messages_about_the_date_belong_to_a_revision_of_it() -> None:
    assert [step.key for step in of.ALL if not step.dated] == ["C0", "C1", "C1-code", "D1", "D2", "X3"]
