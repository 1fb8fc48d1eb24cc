"""What goes over the wire after DATA, for any bytes at all."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.providers.smtp_line import is_yes, transparent

pieces = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"..", b"a", b"\x00", b"\xff", b""]), max_size=30)


@settings(deadline=None)
@given(pieces.map(b"".join))
def test_a_server_reads_back_the_same_lines_and_only_one_message(raw):
    lines = as_a_server_reads(transparent(raw))
    assert lines == re.split(rb"\r\n|\r|\n", raw)[: len(lines)]
    assert b"".join(lines) == re.sub(rb"[\r\n]", b"", raw)


@settings(deadline=None)
@given(pieces.map(b"".join))
def test_no_bare_line_end_leaves_the_house(raw):
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", transparent(raw))


@pytest.mark.parametrize(
    ("code", "yes"), [(199, False), (200, True), (251, True), (299, True), (300, False), (354, False)]
)
def test_only_the_two_hundreds_are_a_yes(code, yes):
    assert is_yes(code) is yes


def as_a_server_reads(wire: bytes) -> list[bytes]:
    """RFC 5321 §4.5.2, line by line; fails if something follows the final dot."""
    lines = []
    rest = wire
    while True:
        line, _, rest = rest.partition(b"\r\n")
        if line == b".":
            assert rest == b""
            return lines
        lines.append(line.removeprefix(b"."))
