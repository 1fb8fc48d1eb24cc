"""The words that people write to us with are a file, read and checked once."""

from __future__ import annotations

import random
import tomllib
from contextlib import suppress
from datetime import date

import pytest

from campaigns.domain.segments import count
from campaigns.errors import ConfigurationError
from campaigns.rules import FOLDER, STALE_AFTER_DAYS, reviewed_on
from campaigns.rules.inbound import read_inbound_words

SHIPPED = (FOLDER / "inbound_words.toml").read_text(encoding="utf-8")
GOOD = """
source = "made up"
reviewer = ""
reviewed_on = 2026-11-28
[twilio]
stop = ["STOP"]
start = ["START", "YES"]
help = ["HELP"]
[keywords]
start = ["START"]
yes = ["YES"]
help = ["HELP"]
[stop]
law = ["opt-out"]
edges = ["STOP all"]
whole = ["No MÁS"]
phrases = ["don't text", "me delet*"]
chains = [[["stop"], ["", "the"], ["texts"]]]
[hold]
negations = ["don't stop"]
stems = ["stop*"]
phrases = ["spam"]
pictures = ["🛑"]
[context]
padding = ["please"]
look_alikes = ["stop by"]
asking = ["when"]
ours = ["stop the reads"]
reactions = ["Liked"]
[channels]
texts = ["text*"]
emails = ["email*"]
all = ["both"]
[urgent]
calm = ["no fever"]
[urgent.signs.one]
any = ["Can't walk"]
[urgent.signs.two]
chains = [[["i"], ["fell"]]]
together = [["fever"], ["back*"]]
[replies]
help = "{clinic} {program} {contact}: STOP ends."
stop_confirmation = "{clinic}: done."
start_confirmation = "{clinic}: HELP, STOP."
safety = "{clinic}: call 911."
"""


def test_the_shipped_words_are_read() -> None:
    words = read_inbound_words()
    assert words.twilio == {
        "stop", "unsubscribe", "end", "quit", "stopall", "cancel", "revoke", "optout", "start", "yes", "unstop", "help", "info",
    }  # fmt: skip
    assert words.start == {"start", "unstop"}
    assert {"stop", "quit", "end", "revoke", "opt out", "cancel", "unsubscribe"} <= words.stop & set(words.edges)
    assert {sign.name for sign in words.urgent} >= {
        "urgent.signs.saddle",
        "urgent.signs.bladder",
        "urgent.signs.self_harm",
    }


def test_the_shipped_words_say_whose_they_are() -> None:
    assert tomllib.loads(SHIPPED)["source"]
    assert reviewed_on(FOLDER / "inbound_words.toml") >= date(2026, 11, 28)
    assert STALE_AFTER_DAYS == 180


def test_phrases_are_made_bare(tmp_path) -> None:
    words = read_inbound_words(_file(tmp_path, GOOD))
    assert words.stop == {"stop", "opt out", "no mas"}
    assert words.edges == ("opt out", "stop all")
    assert words.phrases == ("dont text", "me delet*")
    assert words.stems == ("stop*",)
    assert words.pictures == ("🛑",)
    assert words.reactions == {"liked"}
    one, two = words.urgent
    assert (one.phrases, one.chains, one.together) == (("cant walk",), (), ())
    assert (two.phrases, two.together) == ((), (("fever",), ("back*",)))
    assert two.chains[0].fullmatch("i fell")
    assert words.chains[0].fullmatch("stop the texts") and words.chains[0].fullmatch("stop texts")


@pytest.mark.parametrize("name", ["help", "stop_confirmation", "start_confirmation", "safety"])
def test_a_shipped_reply_is_one_part_with_realistic_names(name: str) -> None:
    reply = read_inbound_words().replies[name]
    filled = reply.format(clinic="Portsmouth Joint & Back Clinic", program="Runners' Class", contact="(207) 555-0100")
    size = count(filled)
    assert (size.encoding, size.parts) == ("GSM-7", 1)
    assert filled.startswith("Portsmouth Joint & Back Clinic:")
    assert "http" not in filled and "://" not in filled and "www" not in filled


def test_the_shipped_replies_say_what_they_must() -> None:
    replies = read_inbound_words().replies
    assert {"{contact}", "STOP"} <= set(replies["help"].replace(".", "").split())
    assert "911" in replies["safety"] and "not watched at all hours" in replies["safety"]
    assert "START" not in replies["stop_confirmation"] and "{program}" not in replies["stop_confirmation"]
    with pytest.raises(TypeError):
        replies["help"] = ""  # type: ignore[index]


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ('source = "made up"', 'source = ""'), ("reviewed_on = 2026-11-28", 'reviewed_on = "2026-11-28"'), ('reviewer = ""', ""), ("[twilio]", "[twillio]"), ("[replies]", "[replies"),
        ('stop = ["STOP"]', 'stop = "STOP"'), ('stop = ["STOP"]', "stop = [1]"), ('stop = ["STOP"]', "stop = []"), ('stop = ["STOP"]', 'stop = [""]'), ('stop = ["STOP"]', ""),
        ('yes = ["YES"]', 'yes = ["YES"]\nno = ["NO"]'), ('["opt-out"]', '["!?"]'), ('["opt-out"]', '["opt*"]'), ('["No MÁS"]', '["No más", "no mas"]'), ('["No MÁS"]', '["START"]'),
        ('["No MÁS"]', '["Help"]'), ('["STOP all"]', '["yes"]'), ('start = ["START"]', 'start = ["HELP"]'), ('[[["stop"]', '[["stop"'), ('[["stop"], ["", "the"]', '[["", "stop"], ["the"]'),
        ('["", "the"]', "[]"), ('["", "the"]', "[1]"), ('["", "the"]', '["the*"]'), ('"me delet*"', '"delet* me"'), ('chains = [[["stop"], ["", "the"], ["texts"]]]', "chains = 3"), ('chains = [[["stop"], ["", "the"], ["texts"]]]', "chains = [3]"),
        ('chains = [[["stop"], ["", "the"], ["texts"]]]', "chains = [[]]"), ('any = ["Can\'t walk"]', ""), ('any = ["Can\'t walk"]', 'some = ["x"]'), ('together = [["fever"], ["back*"]]', "together = 3"),
        ('together = [["fever"], ["back*"]]', 'together = ["fever"]'), ('[urgent.signs.one]\nany = ["Can\'t walk"]', "[urgent.signs]\none = 3"), ('safety = "{clinic}: call 911."', "safety = 911"),
        ("{clinic}: call 911", "{clinic}: call somebody"), ("{clinic}: call 911", "call 911"), ("{clinic}: done", "{clinic}: done → bye"), ("{clinic}: done", "{clinic}: {name}"), ("{clinic}: done", "{clinic}: {}"),
        ("{clinic}: done", "{clinic}: {clinic.x}"), ("{clinic}: done", "{clinic!r}: {clinic}"), ("{clinic}: done", "{clinic:>9}: {clinic}"), ("{clinic}: done", "{clinic}: {"), ("{clinic}: done", "{clinic}: www.clinic.example"),
        ("{clinic}: done", "{clinic}: https://clinic.example"), ("{clinic}: done", "{clinic}: " + "long " * 30), ("{clinic} {program} {contact}: STOP", "{clinic} {program}: STOP"), (": HELP, STOP", ": STOP"),
        ("safety = ", "danger = "), (GOOD[GOOD.index("[urgent.signs.one]") : GOOD.index("[replies]")], "[urgent.signs]\n"), ("[hold]", "[hold.on]"),
    ],
)  # fmt: skip
def test_a_faulty_file_is_named(tmp_path, good: str, bad: str) -> None:
    assert good in GOOD
    with pytest.raises(ConfigurationError, match=r"^words\.toml: "):
        read_inbound_words(_file(tmp_path, GOOD.replace(good, bad)))


def test_a_name_longer_than_foreseen_was_foreseen(tmp_path) -> None:
    fits = "{clinic}: " + "a" * 128
    assert (
        read_inbound_words(_file(tmp_path, GOOD.replace("{clinic}: done.", fits))).replies["stop_confirmation"] == fits
    )
    with pytest.raises(ConfigurationError, match="161 units of GSM-7"):
        read_inbound_words(_file(tmp_path, GOOD.replace("{clinic}: done.", fits + "a")))


def test_a_file_that_is_not_there_or_not_text_is_named(tmp_path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.toml"):
        read_inbound_words(tmp_path / "none.toml")
    (tmp_path / "words.toml").write_bytes(b"\xff\xfe\0")
    with pytest.raises(ConfigurationError, match=r"words\.toml"):
        read_inbound_words(tmp_path / "words.toml")
    with pytest.raises(ConfigurationError, match=r"words\.toml"):
        read_inbound_words(_file(tmp_path, "a = " + "[" * 5_000))


@pytest.mark.parametrize("seed", range(150))
def test_a_damaged_file_is_read_or_named(tmp_path, seed: int) -> None:
    chance = random.Random(seed)
    start = chance.randrange(len(GOOD))
    damage = chance.choice(["", "[", "]", '"', "{", "3", "\n", "= ", "[[x]]\n", "*", "\0", "{x}"])
    damaged = GOOD[:start] + damage + GOOD[start + chance.randrange(12) :]
    with suppress(ConfigurationError):
        assert read_inbound_words(_file(tmp_path, damaged)).stop


def _file(folder, content: str):
    path = folder / "words.toml"
    path.write_text(content, encoding="utf-8")
    return path
