"""The claims register: nothing is said that it does not hold and allow."""

from __future__ import annotations

import pytest

from campaigns.errors import TemplateInvalid
from campaigns.rendering.claims import read_register
from tests.rendering.samples import LIBRARY, MESSAGES

SHIPPED = read_register(MESSAGES.parent / "claims.toml")

SMALL = """
[sources.page]
cite = "a page"
[sources.book]
cite = "a book"
[claims.one]
statement = "One."
source = "page"
status = "sourced"
[claims.two]
statement = "Two."
source = "page"
status = "sourced"
[claims.three]
statement = "Three."
source = "book"
status = "sourced"
[claims.four]
statement = "Four."
source = ""
status = "unapproved"
"""


@pytest.fixture
def register(tmp_path):
    path = tmp_path / "claims.toml"
    path.write_text(SMALL, "utf-8")
    return read_register(path)


def test_sources_are_cited_once_each(register):
    assert register.cite(("one", "two", "three"), message="m") == "a page; a book"
    assert register.cite((), message="m") == ""


def test_a_claim_that_is_not_in_the_register_is_named(register):
    with pytest.raises(TemplateInvalid, match=r"m/message\.toml: claims: five is not in the claims register"):
        register.cite(("five",), message="m")


def test_an_unapproved_claim_cannot_be_used(register):
    with pytest.raises(TemplateInvalid, match="four is unapproved"):
        register.cite(("four",), message="m")


@pytest.mark.parametrize(
    ("cut", "fault"),
    [
        ('cite = "a book"', "cite is missing"),
        ('statement = "Two."', "statement is missing"),
        ('[sources.book]\ncite = "a book"', "three: source 'book' is not described"),
    ],
)
def test_an_incomplete_register_says_what_is_missing(tmp_path, cut, fault):
    path = tmp_path / "claims.toml"
    path.write_text(SMALL.replace(cut, ""), "utf-8")
    with pytest.raises(TemplateInvalid, match=fault):
        read_register(path)


def test_the_safety_text_and_the_product_claim_wait_for_a_clinician():
    unapproved = {claim.id for claim in SHIPPED.claims.values() if claim.status != "sourced"}
    assert unapproved == {"red-flags", "simpact"}


def test_no_claim_passes_as_reviewed_by_anybody():
    assert {claim.status for claim in SHIPPED.claims.values()} == {"sourced", "unapproved"}


def test_every_claim_of_a_shipped_message_stands_in_the_register():
    used = {claim for compiled in LIBRARY.values() for claim in compiled.claims}
    assert used <= SHIPPED.claims.keys() - {"red-flags", "simpact"}
