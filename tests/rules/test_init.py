"""Rules that counsel must be able to change are files, read and checked once."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from campaigns.domain.steps import Channel, Purpose
from campaigns.errors import ConfigurationError
from campaigns.rules import RULE_FILES, read_sending_hours, reviewed_on

GOOD = """
reviewed_on = 2026-11-22
[waking]
from = 08:00:00
to = 21:00:00
[hours.sms-marketing]
monday_to_friday = [10:00:00, 18:00:00]
saturday = [10:00:00, 17:00:00]
holidays_closed = true
[holidays]
dates = [2026-12-25]
"""


def test_the_shipped_hours_are_read() -> None:
    hours = read_sending_hours()
    texts = hours.of(Channel.SMS, Purpose.SERVICE)
    assert texts.window(date(2027, 3, 1)) == (time(8), time(20))
    assert hours.waking == (time(8), time(21))
    assert reviewed_on() >= date(2026, 11, 22)


def test_offers_by_text_keep_sundays_and_holidays_quiet(tmp_path) -> None:
    hours = read_sending_hours(_file(tmp_path, GOOD)).of(Channel.SMS, Purpose.MARKETING)
    assert hours.window(date(2026, 12, 24)) == (time(10), time(18))
    assert hours.window(date(2026, 12, 25)) is None
    assert hours.window(date(2026, 12, 26)) == (time(10), time(17))
    assert hours.window(date(2026, 12, 27)) is None
    assert hours.open_at(datetime(2026, 12, 24, 15, 0, tzinfo=UTC), ZoneInfo("America/New_York"))


def test_holidays_count_only_where_the_file_says_so(tmp_path) -> None:
    hours = read_sending_hours(_file(tmp_path, GOOD.replace("holidays_closed = true\n", "")))
    assert hours.of(Channel.SMS, Purpose.MARKETING).window(date(2026, 12, 25)) == (time(10), time(18))


def test_a_kind_that_is_not_listed_may_go_at_any_hour(tmp_path) -> None:
    assert read_sending_hours(_file(tmp_path, GOOD)).of(Channel.EMAIL, Purpose.SERVICE) is None


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("[waking]", "[awake]"), ("sms-marketing", "fax-marketing"), ("monday_to_friday", "someday"), ("18:00:00", "09:00:00"),
        ("saturday = [10:00:00, 17:00:00]", "saturday = 10:00:00"), ("[holidays]", "[holidays"), ("[2026-12-25]", "3"),
    ],
)  # fmt: skip
def test_a_faulty_file_is_named(tmp_path, good: str, bad: str) -> None:
    assert good in GOOD
    with pytest.raises(ConfigurationError, match=r"hours\.toml"):
        read_sending_hours(_file(tmp_path, GOOD.replace(good, bad)))


def test_a_file_that_is_not_there_is_named(tmp_path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.toml"):
        read_sending_hours(tmp_path / "none.toml")


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.name)
def test_every_rule_file_says_when_it_was_reviewed(path) -> None:
    assert reviewed_on(path) >= date(2026, 11, 22)


def test_the_rule_files_are_known_by_name() -> None:
    assert {path.name for path in RULE_FILES} >= {
        "caps.toml",
        "sending_hours.toml",
        "smtp_replies.toml",
        "twilio_codes.toml",
    }


@pytest.mark.parametrize("content", ["", "reviewed_on = 3", "reviewed_on = 2026-11-22T10:00:00", "reviewed_on = "])
def test_a_file_that_does_not_say_when_it_was_reviewed_is_named(tmp_path, content: str) -> None:
    with pytest.raises(ConfigurationError, match=r"hours\.toml: reviewed_on"):
        reviewed_on(_file(tmp_path, content))


def _file(folder, content: str):
    path = folder / "hours.toml"
    path.write_text(content, encoding="utf-8")
    return path
