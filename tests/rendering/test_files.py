"""A message has few files, of known names, in UTF-8."""

from __future__ import annotations

import pytest

from campaigns.errors import TemplateInvalid
from campaigns.rendering.files import check_names, own_file, read_folder, with_bodies
from tests.rendering.samples import MESSAGES


@pytest.mark.parametrize("path", sorted(MESSAGES.glob("*/*")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_file_of_ours_is_one(path):
    assert own_file(path.name)


@pytest.mark.parametrize(
    "name",
    ["", "frame.html", "body", "body.en.md", "body.fr.md", "body.es.es.md", "sms.md", "../body.md", "a/body.md",
     "body.md\n", "BODY.MD", ".body.md", "body.md.txt", "message.es.toml", "passwd"],
)  # fmt: skip
def test_another_file_is_refused_wherever_it_comes_in(name, tmp_path):
    assert not own_file(name)
    with pytest.raises(TemplateInvalid, match="^m: .* is not a file of a message; take it out"):
        with_bodies("m", {"message.toml": "", name: "x"})
    if name and "/" not in name and not name.startswith("."):
        (tmp_path / name).write_text("x")
        with pytest.raises(TemplateInvalid, match="is not a file of a message; take it out"):
            read_folder(tmp_path)


def test_what_an_editor_or_a_file_system_hides_in_a_folder_is_passed_over(tmp_path):
    for name in (".DS_Store", "._body.md", ".body.md.swp"):
        (tmp_path / name).write_bytes(b"\x00\xff")
    (tmp_path / "body.md").write_text("# A\n")
    assert read_folder(tmp_path) == {"body.md": "# A\n"}


def test_a_frame_goes_with_a_message_and_is_not_its_own():
    check_names("m", ["message.toml", "frame.html", "frame.es.words"])
    with pytest.raises(TemplateInvalid, match="m: more than 40 files"):
        check_names("m", [f"frame.{'x' * n}" for n in range(1, 42)])


def test_bytes_that_are_no_text_and_files_beyond_measure_are_named(tmp_path):
    (tmp_path / "sms.txt").write_bytes(b"caf\xe9")
    with pytest.raises(TemplateInvalid, match=r"/sms\.txt: not text in UTF-8; save it as that"):
        read_folder(tmp_path)
    (tmp_path / "sms.txt").write_bytes(b"a" * 1_000_001)
    with pytest.raises(TemplateInvalid, match=r"/sms\.txt: longer than 1000000 bytes; shorten it"):
        read_folder(tmp_path)


def test_a_part_with_a_file_of_its_own_stays_as_it_is():
    files = with_bodies("m", {"body.md": "# A\n", "body.txt": "B\n"})
    assert (files["body.html"], files["body.txt"]) == ("<h1>A</h1>\n", "B\n")


def test_a_body_that_cannot_be_read_is_named():
    with pytest.raises(TemplateInvalid, match=r"m/body\.es\.md, line 2: <b> - HTML"):
        with_bodies("m", {"body.es.md": "a\n<b>\n"})
