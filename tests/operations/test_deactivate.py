"""Numbers that their carriers have taken back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.cli import main
from campaigns.errors import Rejected
from campaigns.operations.deactivate import deactivate, read_numbers
from campaigns.store.engine import transaction
from tests.factories import NUMBER, SERVICE_TEXTS, World

OTHER = "+12075560777"


def take_back(world: World, *numbers: str) -> int:
    with transaction(world.engine) as db:
        return deactivate(db, numbers, world.clock())


def yeses(world: World) -> list[tuple[str, bool]]:
    """(purpose, granted) of everybody's current answers about texts."""
    rows = world.sql("SELECT purpose, granted FROM permission WHERE channel = 'sms' ORDER BY registrant_id, purpose")
    return [tuple(row) for row in rows]


@pytest.mark.parametrize(
    "line",
    [
        b"+12075550123",
        b"12075550123",
        b"2075550123",
        b"  +1 (207) 555-0123\r",
        b"207.555.0123",
        b"\xef\xbb\xbf+12075550123",
    ],
)
def test_a_number_is_understood_as_carriers_and_people_write_it(line: bytes) -> None:
    assert read_numbers([line + b"\n"]) == [NUMBER]


def test_empty_lines_are_passed_over_and_what_is_there_twice_comes_once() -> None:
    assert read_numbers([b"\n", b"+12075550123\n", b"  \r\n", b"2075550123\n", b"+12075560777"]) == [NUMBER, OTHER]
    assert read_numbers([]) == []


@pytest.mark.parametrize(
    "line",
    [b"phone", b"+442079460123", b"+2075550123", b"+1207555012", b"+120755501234", b"+11075550123", b"0075550123",
     b"+12075550123,+12075560777", b"+12075550123\x00", b"\xff\xfe", "２０７５５５０１２３".encode(), b"1" * 100_000,
     b"+1\x0b2075550123", b"-"],
)  # fmt: skip
def test_a_line_that_holds_no_number_is_named_and_not_repeated(line: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        read_numbers([b"+12075550123\n", b"\n", line + b"\n"])
    assert str(caught.value).startswith("Line 3 does not hold one number")
    assert line.decode("latin-1")[:12] not in str(caught.value).replace("+12075550123", "")


@given(st.lists(st.binary(max_size=60) | st.text("+1 207()-.5\n", max_size=20).map(str.encode), max_size=5))
def test_whatever_a_file_holds_it_is_read_or_refused(lines: list[bytes]) -> None:
    try:
        found = read_numbers(lines)
    except Rejected:
        return
    assert all(len(number) == 12 and number.startswith("+1") and number[1:].isdecimal() for number in found)


def test_texts_to_the_number_are_stopped_and_every_yes_for_it_is_taken_back(world: World) -> None:
    session = world.session()
    world.registration(session, SERVICE_TEXTS)
    world.registration(session, SERVICE_TEXTS, phone=NUMBER)
    world.registration(session, SERVICE_TEXTS, phone=OTHER)
    assert take_back(world, NUMBER) == 1
    assert world.suppressions() == {("sms", NUMBER, None, "invalid")}
    assert world.one("SELECT source FROM suppression") == "deactivation list"
    assert yeses(world) == [("service", False), ("service", False), ("service", True)]
    noes = world.sql("SELECT address, means, evidence FROM consent WHERE NOT granted")
    evidence = {"means": "provider", "scope": "all", "source": "deactivation list"}
    assert [tuple(one) for one in noes] == [(NUMBER, "provider", evidence)] * 2


def test_a_number_of_nobody_we_know_is_kept_for_whoever_gives_it_later(world: World) -> None:
    assert take_back(world, NUMBER, OTHER, NUMBER) == 2
    mine = world.registration(world.session(), SERVICE_TEXTS)
    world.work()
    assert dict(world.ledger(mine)).get("C1") in (None, "skipped: suppressed")
    assert world.sms.seen == []


def test_reading_the_list_again_changes_nothing(world: World) -> None:
    world.registration(world.session(), SERVICE_TEXTS)
    assert [take_back(world, NUMBER) for _ in range(3)] == [1, 0, 0]
    assert world.one("SELECT count(*) FROM consent WHERE NOT granted") == 1
    assert world.one("SELECT count(*) FROM suppression") == 1


def test_what_the_former_owner_had_stopped_no_word_from_the_handset_brings_back(world: World) -> None:
    world.registration(world.session(), SERVICE_TEXTS)
    world.text("STOP")
    assert take_back(world, NUMBER) == 1
    world.text("START")
    assert world.suppressions() == {("sms", NUMBER, None, "invalid")}
    assert yeses(world) == [("service", False)]


def test_emails_of_the_person_go_on(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS)
    take_back(world, NUMBER)
    world.work()
    assert dict(world.ledger(mine))["C0"] == "sent"


def test_the_command_stops_the_numbers_of_a_list(listed, capsys) -> None:
    assert listed("+12075550123\n\n12075560777\n") == 0
    assert capsys.readouterr().out == (
        "2 numbers read; texts to 2 of them are stopped now, the others were before.\n"
    )  # fmt: skip
    assert listed("+12075550123\n") == 0
    assert capsys.readouterr().out.startswith("1 numbers read; texts to 0 of them")


def test_the_command_names_the_faulty_line_and_changes_nothing(world: World, listed, capsys) -> None:
    assert listed("+12075550123\nphone\n") == 1
    assert capsys.readouterr().err == (
        "Line 2 does not hold one number of North America, such as +12075550123."
        " Nothing was changed. Put it right, then read the list again.\n"
    )
    assert world.suppressions() == set()


def test_a_list_that_is_not_there_is_named(listed, capsys) -> None:
    assert main(["registrants", "deactivated", "none.txt"]) == 1
    assert capsys.readouterr().err == "No such file or directory: none.txt\n"


@pytest.fixture
def listed(world: World, monkeypatch, tmp_path):
    """The command, on a list with these lines."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", world.engine.url.render_as_string(hide_password=False))

    def run(words: str) -> int:
        (tmp_path / "list.txt").write_text(words)
        return main(["registrants", "deactivated", "list.txt"])

    return run


@pytest.fixture
def world(engine) -> World:
    return World(engine)
