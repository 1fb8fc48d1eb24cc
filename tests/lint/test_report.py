"""What the command prints, and how it ends."""

from __future__ import annotations

import re

import pytest

from campaigns.cli import main
from campaigns.errors import ConfigurationError
from campaigns.lint.report import check_content
from tests.lint.planting import READ, SURVEY, copied, plant, said

LINE = re.compile(r"  (!!|\? ) [\w./-]+:\d+: [a-z-]+: [^\n]+[^.]\. Remedy: [^\n]+\.")


def test_a_sound_folder_ends_with_0_strict_or_not(tmp_path, capsys):
    folder = copied(tmp_path / "templates", READ, SURVEY)
    assert main(["content", "check", str(folder)]) == 0
    assert main(["content", "check", str(folder), "--strict"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[-1] == "0 errors, 0 warnings in 2 messages."
    head = next(line for line in out if line.startswith("message "))
    assert head.split() == ["message", "language", "words", "FK", "SMOG", "HTML", "parts", "claims"]
    (row,) = [line.split() for line in out if line.startswith(f"{SURVEY} ") and " es " in line][:1]
    assert row[3:5] == ["-", "-"] and row[6:] == ["-", "0"]


def test_a_warning_ends_with_1_only_if_strict(tmp_path, capsys):
    folder = copied(tmp_path / "templates", "moved-sms")
    assert main(["content", "check", str(folder)]) == 0
    assert main(["content", "check", "--strict", str(folder)]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "0 errors, 2 warnings in 1 message."


def test_an_error_ends_with_1_and_names_file_line_kind_and_remedy(tmp_path, capsys):
    folder = copied(tmp_path / "templates", SURVEY)
    plant(folder, SURVEY, said("claim-cure", "There is a cure.").edits)
    plant(folder, SURVEY, (("frame.toml", "[tags]", "[tags]\n"), ("frame.mjml", "{{ subject }}", "")))
    assert main(["content", "check", str(folder)]) == 1
    out = capsys.readouterr().out
    assert [line for line in out.splitlines() if line and not line.startswith(" ")][:2] == ["frame", SURVEY]
    found = [line for line in out.splitlines() if line.startswith("  ")]
    assert len(found) == 3 and all(LINE.fullmatch(line) for line in found)
    assert (
        "  !! messages/survey/body.html:5: claim-cure: “cure” claims what must not be claimed. Remedy: Say what" in out
    )
    assert out.splitlines()[-1] == "3 errors, 0 warnings in 1 message."


def test_the_shipped_folder_is_the_default(capsys):
    assert main(["content", "check"]) == 0
    assert re.search(r"^0 errors, \d+ warnings in \d+ messages\.$", capsys.readouterr().out.splitlines()[-1])


def test_a_folder_without_messages_is_one_line(tmp_path, capsys):
    assert main(["content", "check", str(tmp_path)]) == 1
    assert capsys.readouterr().err.endswith("name a folder that holds messages/ and claims.toml\n")
    with pytest.raises(ConfigurationError):
        check_content(tmp_path, print)
