"""A finding that is let pass, with a reason, warns; nothing else does."""

from __future__ import annotations

import pytest

from campaigns.lint.check import check
from tests.lint.planting import SURVEY, copied, found_in, plant, said

WHY = "The hospital board writes this word so."
BRAND = said("claim-brand", "Ask about SIMPACT.")


@pytest.fixture
def folder(tmp_path):
    folder = copied(tmp_path / "templates", SURVEY)
    plant(folder, SURVEY, BRAND.edits)
    return folder


def test_an_allowed_finding_is_a_warning_that_shows_the_reason(folder):
    before = [one for one in found_in(folder) if one.kind == "claim-brand"]
    assert [one.severity for one in before] == ["error", "error"]
    allow(folder, "claim-brand", WHY)
    after = [one for one in found_in(folder) if one.kind == "claim-brand"]
    assert [one.severity for one in after] == ["warning", "warning"]
    assert all(f"(allowed: {WHY.removesuffix('.')})" in one.says and one.remedy for one in after)
    assert check(folder).count("error") == 0


@pytest.mark.parametrize(("kind", "why"), [("claim-cure", WHY), ("claim-brand", "x" * 19), ("claim-brand", " " * 30)])
def test_another_kind_or_too_short_a_reason_lets_nothing_pass(folder, kind, why):
    allow(folder, kind, why)
    assert [one.severity for one in found_in(folder) if one.kind == "claim-brand"] == ["error", "error"]


def test_what_the_reason_says_is_not_checked_itself(folder):
    allow(folder, "claim-brand", "A miracle cure!! Written by counsel.")
    assert {one.kind for one in found_in(folder) if one.severity == "error"} == set()


def test_a_table_lists_what_is_wrong_with_each_allowance_at_its_own_line(folder):
    allow(folder, "claim-brand", WHY)
    allow(folder, "no-such", WHY)
    allow(folder, "shouting", "short")
    lines = (folder / "messages" / SURVEY / "message.toml").read_text("utf-8").split("\n")
    heads = [number for number, line in enumerate(lines, start=1) if line == "[[allow]]"]
    found = {one.kind: one.line for one in found_in(folder) if "allow" in one.kind}
    assert found == {"unknown-allow": heads[1], "allow-without-why": heads[2]}


def allow(folder, kind, why):
    path = folder / "messages" / SURVEY / "message.toml"
    path.write_text(path.read_text("utf-8") + f'\n[[allow]]\nkind = "{kind}"\nwhy = "{why}"\n', "utf-8")
