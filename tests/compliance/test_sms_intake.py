"""Requirements 42 and 44: which numbers come in, and that a number its carrier has taken back is nobody's yes."""

from __future__ import annotations

import pytest

from campaigns.cli import main
from campaigns.errors import AddressInvalid
from campaigns.operations.addresses import parse_phone
from campaigns.operations.deactivate import deactivate
from campaigns.store.engine import transaction
from tests.compliance.wire import Wire, wired
from tests.factories import HOUR, NUMBER, SERVICE_TEXTS
from tests.servers.twilio_server import Rule

OTHER = "+12075560777"


# 42: kinds of number


@pytest.mark.parametrize("number", ["+12075550123", "(212) 555-0142", "808-555-0100", "907.555.0111", "1 305 555 0177"])
def test_s42_american_numbers_that_may_be_mobile_pass(number: str) -> None:
    digits = "".join(sign for sign in number if sign.isdigit())
    assert parse_phone(number, ("US",)) == f"+1{digits[-10:]}"


@pytest.mark.parametrize(
    "area",
    ["242", "246", "264", "268", "284", "340", "345", "441", "473", "649", "658", "664", "670", "671", "684", "721",
     "758", "767", "784", "787", "809", "829", "849", "868", "869", "876", "939"],
)  # fmt: skip
@pytest.mark.parametrize("line", ["2222222", "5550123"])
def test_s42_the_caribbean_and_the_pacific_behind_plus_one_are_refused(area: str, line: str) -> None:
    refused(f"+1{area}{line}")


@pytest.mark.parametrize(
    "number",
    [
        "+19005550123", "+19002345678",  # premium
        "+18005550123", "+18882345678", "+18772345678", "+18662345678", "+18552345678", "+18442345678", "+18332345678",
        "+15005550123",  # personal
        "+14165550123", "+16045550123",  # Canada, which is not listed
        "+447400123456", "+33612345678", "+5215512345678", "+919812345678", "+85221234567",
        "911", "411", "5550123", "+1207555", "+120755501234", "+12070000000", "+11234567890", "+1", "",
    ],
)  # fmt: skip
def test_s42_premium_toll_free_foreign_and_broken_numbers_are_refused(number: str) -> None:
    refused(number)


@pytest.mark.parametrize(
    ("country", "landline"), [("GB", "+442079460123"), ("AU", "+61291234567"), ("NZ", "+6493456789")]
)
def test_s42_a_landline_is_refused_where_the_numbering_plan_tells_it_apart(country: str, landline: str) -> None:
    refused(landline, (country,))


@pytest.mark.parametrize("code", [21614, 21635])
def test_s42_a_landline_that_the_plan_does_not_tell_apart_is_found_at_its_first_text(wire: Wire, code: int) -> None:
    """North America's plan gives mobiles and landlines the same numbers: Twilio tells, and nothing goes there again."""
    wire.registration(wire.session(2 * HOUR), SERVICE_TEXTS)
    wire.fake.script(Rule(status=400, code=code))
    wire.live(wire.clock() + 3 * HOUR)
    assert wire.suppressions() == {("sms", NUMBER, None, "invalid")}
    assert len(wire.fake.posts) == 1


def refused(number: str, countries: tuple[str, ...] = ("US",)) -> None:
    with pytest.raises(AddressInvalid) as caught:
        parse_phone(number, countries)
    assert caught.value.field == "phone"
    assert not number.strip("+") or number not in str(caught.value)


# 44: numbers that were taken back


def test_s44_a_number_on_the_list_is_texted_no_more_whoever_gave_it(wire: Wire) -> None:
    session = wire.session(2 * HOUR)
    places = [
        wire.registration(session, SERVICE_TEXTS),
        wire.registration(wire.session(3 * HOUR), SERVICE_TEXTS, phone=NUMBER),
    ]
    spared = wire.registration(session, SERVICE_TEXTS, phone=OTHER)
    wire.dispatch()
    with transaction(wire.engine) as db:
        assert deactivate(db, [NUMBER], wire.clock()) == 1
    wire.answer_bells()
    wire.live(wire.clock() + 4 * HOUR)
    assert {one.to for one in wire.fake.posts} == {OTHER}
    for mine in places:
        assert set(wire.texts(mine).values()) <= {"skipped: no_consent", "skipped: suppressed"}
    assert wire.texts(spared)["B5"] == "sent"
    assert wire.one("SELECT count(*) FROM permission WHERE channel = 'sms' AND granted") == 1


def test_s44_whoever_gets_the_number_next_starts_nothing_by_a_word(wire: Wire) -> None:
    mine = wire.registration(wire.session(2 * HOUR), SERVICE_TEXTS)
    with transaction(wire.engine) as db:
        deactivate(db, [NUMBER], wire.clock())
    wire.text("START")
    again = wire.registration(wire.session(3 * HOUR), SERVICE_TEXTS, phone=NUMBER)
    wire.live(wire.clock() + 4 * HOUR)
    assert wire.fake.posts == []
    assert wire.suppressions() == {("sms", NUMBER, None, "invalid")}
    assert "sent" not in {*wire.texts(mine).values(), *wire.texts(again).values()}


def test_s44_the_command_reads_the_carriers_list(wire: Wire, monkeypatch, tmp_path, capsys) -> None:
    wire.registration(wire.session(2 * HOUR), SERVICE_TEXTS)
    (tmp_path / "list.txt").write_text(f"{NUMBER}\n12075560777\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", wire.engine.url.render_as_string(hide_password=False))
    assert main(["registrants", "deactivated", "list.txt"]) == 0
    assert capsys.readouterr().out.startswith("2 numbers read; texts to 2 of them are stopped now")
    wire.live(wire.clock() + 3 * HOUR)
    assert wire.fake.posts == []


@pytest.fixture
def wire(engine):
    with wired(engine) as wire:
        yield wire
