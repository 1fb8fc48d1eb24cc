"""A calendar tells no more than a subject does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from campaigns.lint import discreet
from campaigns.lint.compiling import compiled
from campaigns.lint.draft import read_drafts
from campaigns.lint.rendered import mails
from tests.lint.planting import copied


@pytest.mark.parametrize(
    ("language", "title"), [("en", "SUMMARY:Class on hip pain"), ("es", "SUMMARY:Dolor de cadera")]
)
def test_a_calendar_that_tells_is_found_at_its_setting(language, title, tmp_path: Path):
    (draft,) = read_drafts(copied(tmp_path / "templates", "moved"), [])
    mail = mails(compiled(draft, [])[language])[0]
    assert "SUMMARY:" in mail.calendar
    assert list(discreet.check_mails(draft, [mail])) == []
    (found,) = discreet.check_mails(draft, [replace(mail, calendar=title)])
    assert (found.kind, found.file) == ("calendar-condition", "messages/moved/message.toml")
    assert draft.toml.split("\n")[found.line - 1].startswith("calendar =")
