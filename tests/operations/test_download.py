"""CSV files for a spreadsheet."""

from __future__ import annotations

from campaigns.operations.download import write_sheet


def test_what_is_written_holds_no_formula_and_can_be_read_by_excel() -> None:
    written = b"".join(write_sheet(("row", "cell"), [(2, "=1+1"), (3, " @x"), (4, "\tx"), (5, "a,b"), (6, "")]))
    assert written.decode("utf-8-sig") == "row,cell\r\n2,'=1+1\r\n3,' @x\r\n4,'\tx\r\n5,\"a,b\"\r\n6,\r\n"
    assert written.startswith(b"\xef\xbb\xbf")
