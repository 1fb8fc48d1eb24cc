"""The frame becomes HTML when messages are loaded; what is wrong with it is named by file and line."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from campaigns.errors import TemplateInvalid
from campaigns.lint.html import see
from campaigns.rendering.email import render_email
from campaigns.rendering.environment import compile_source, load_sources
from campaigns.rendering.frame import FRAME_FILES, HTML, PARTS, SOURCE, with_frame
from tests.rendering.samples import LIBRARY, LINKS, MESSAGES, SENDER, body, letter_for, parse

FILES = {file: (MESSAGES / file).read_text("utf-8") for file in FRAME_FILES if file != HTML}
MJML = FILES[SOURCE]
BODY = "<mj-body>\n<mj-section><mj-column>\n<mj-text>{}</mj-text>\n</mj-column></mj-section></mj-body>"
QUOTED = '<a href="{{ link("a", b) }}">x</a>'
WIDE = '<mj-column width="{{ w }}px">'
SENTENCE = {
    "en": "This is a demonstration. No clinician has approved these words.",
    "es": "Esto es una demostración. Ningún profesional de la salud ha aprobado estas palabras.",
}


def test_the_shipped_frame_is_compiled_and_kept_with_the_message():
    source = load_sources(MESSAGES)["confirmation"]
    html = source.files[HTML]
    assert html == with_frame(FILES)[HTML]
    assert html.startswith(FILES[PARTS].partition("#}")[2].lstrip()) and "<mj" not in html and "{{ content }}" in html
    assert "fonts.googleapis" not in html and "http" not in html.replace("http://www.w3.org/1999/xhtml", "").replace(
        "http-equiv", ""
    )


def test_what_is_rendered_comes_from_the_stored_html_and_needs_no_mjml():
    source = load_sources(MESSAGES)["confirmation"]
    bare = replace(source, files={file: text for file, text in source.files.items() if file not in (SOURCE, PARTS)})
    other = replace(source, files={**source.files, SOURCE: MJML.replace("#FBFAF6", "#000000"), PARTS: ""})
    pages = [
        body(parse(render_email(compile_source(one), letter_for("confirmation"), SENDER, LINKS).raw), "html")
        for one in (source, bare, other)
    ]
    assert pages[0] == pages[1] == pages[2]


def test_a_frame_that_somebody_wrote_as_html_stays_as_it_is(tmp_path):
    shutil.copytree(MESSAGES.parent, tmp_path / "t", ignore=shutil.ignore_patterns("web", SOURCE, PARTS))
    (tmp_path / "t" / "messages" / HTML).write_text("<html>{{ content }}</html>", "utf-8")
    assert with_frame({HTML: "mine", SOURCE: "<mjml"}) == {HTML: "mine", SOURCE: "<mjml"}
    assert load_sources(tmp_path / "t" / "messages")["survey"].files[HTML] == "<html>{{ content }}</html>"


def test_a_missing_frame_is_named(tmp_path):
    shutil.copytree(MESSAGES.parent, tmp_path / "t", ignore=shutil.ignore_patterns("web", SOURCE))
    with pytest.raises(TemplateInvalid, match=r"frame\.mjml: the file is missing; copy it from"):
        load_sources(tmp_path / "t" / "messages")


@pytest.mark.parametrize(
    ("mjml", "fault"),
    [
        ("<mjml>\n<mj-body>\n<mj-sectoin></mj-sectoin></mj-body></mjml>", "line 3: there is no element <mj-sectoin>"),
        ("<mjml>\n<mj-head>\n<mj-include path='x'/></mj-head></mjml>", "line 3: there is no element <mj-include>"),
        ("<mjml>\n<mj-head><mj-font name='x' href='y'/></mj-head></mjml>", "line 2: there is no element <mj-font>"),
        ("<mjml>\n<mj-body>\n<mj-section>\n</mj-body></mjml>", "line 4: </mj-body> closes nothing inside <mj-section>"),
        ("<mjml>\n<mj-body></mj-body></mjml>\n</p>", "line 3: </p> closes nothing"),
        ("<mjml>\n<mj-body>\n", "line 2: <mj-body> is never closed"),
        (f"<mjml>{BODY.format('{% if read < reads %}a{% endif %}')}</mjml>", "line 3: {% if read < reads %} has a <"),
        (f"<mjml>{BODY.format(QUOTED)}</mjml>",
              "line 3: a placeholder in an attribute has double quotes"),
        (f"<mjml><mj-head><mj-title>{{% if a %}}b{{% endif %}}</mj-title></mj-head>{BODY.format('c')}</mjml>",
         "a condition comes out more often than it went in"),
        (f"<mjml>{BODY.format('a').replace('<mj-column>', WIDE)}</mjml>",
         r"line 2: {{ w }} is lost or moved"),
        (f"<mjml>{BODY.format('<mj-button>x</mj-button>')}</mjml>", "line 3: <mj-button> has no place here"),
        ("just words", "the MJML cannot be compiled: "),
        ("<html></html>", "the MJML cannot be compiled: "),
    ],
)  # fmt: skip
def test_a_faulty_frame_names_file_and_line(mjml, fault):
    with pytest.raises(TemplateInvalid) as wrong:
        with_frame({SOURCE: mjml})
    assert f"{SOURCE}{', ' if fault.startswith('line') else ': '}{fault}" in str(wrong.value)


def test_a_comment_may_hold_whatever_it_wants_and_lines_stay_where_they_are():
    noted = f"{{# one < two\n{{{{ x }}}} #}}\n<mjml>{BODY.format('{{ content }}')}</mjml>"
    html = with_frame({SOURCE: noted})[HTML]
    assert "one < two" not in html and "{{ x }}" not in html and "{{ content }}" in html
    with pytest.raises(TemplateInvalid, match=r"line 5: </b> closes nothing"):
        with_frame({SOURCE: noted.replace("{{ content }}", "</b>")})


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        (PARTS, "{% macro box(words) %}", "{% macro box(words) %}\n{{ diagnosis }}", r"frame\.parts\.html, line \d+: diagnosis"),
        (SOURCE, "{{ stride_line() }}", "{{ stride_lines() }}", r"frame\.mjml, line \d+: only the frame's macros"),
        (SOURCE, "{{ address }}", "{{ addresss }}", r"frame\.mjml, line \d+: addresss"),
    ],
)  # fmt: skip
def test_a_fault_in_the_words_of_the_frame_is_named_where_somebody_wrote_it(tmp_path, file, old, new, fault):
    shutil.copytree(MESSAGES.parent, tmp_path / "t", ignore=shutil.ignore_patterns("web"))
    path = tmp_path / "t" / "messages" / file
    assert old in FILES[file]
    path.write_text(FILES[file].replace(old, new), "utf-8")
    with pytest.raises(TemplateInvalid, match=fault):
        compile_source(load_sources(tmp_path / "t" / "messages")["survey"])


@pytest.mark.parametrize("name", ["confirmation", "confirmation.es", "is-it-your-si-joint", "cancelled.es"])
def test_a_demonstration_says_so_before_anything_else_in_both_parts(name):
    said, silent = (
        parse(render_email(LIBRARY[name], letter_for(name, demonstration=one), SENDER, LINKS).raw)
        for one in (True, False)
    )
    sentence = SENTENCE["es" if name.endswith(".es") else "en"]
    plain, html = body(said, "plain"), body(said, "html")
    assert plain.startswith(f"{sentence}\n\nHarbour Clinic\n")
    assert [run.words for run in see(html).visible][:2] == [sentence, "Harbour Clinic"]
    assert plain.partition("\n\n")[2] == body(silent, "plain")
    assert sentence not in body(silent, "html")


def test_no_body_can_ask_whether_it_is_a_demonstration():
    source = load_sources(MESSAGES)["survey"]
    asked = replace(source, files={**source.files, "body.html": "<p>{{ demonstration }}</p>"})
    with pytest.raises(TemplateInvalid, match=r"survey/body\.html, line 1: demonstration is not a name"):
        compile_source(asked)
