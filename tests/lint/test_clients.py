"""Every feature of every email is known to the mail programs, or has a reason why it may be missing there."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

from campaigns.lint import clients
from campaigns.lint.clients import check, table
from campaigns.lint.draft import read_drafts
from campaigns.lint.features import features
from campaigns.lint.html import see
from campaigns.lint.rendered import mails
from tests.lint.planting import SURVEY, copied
from tests.rendering.samples import EMAILS, LIBRARY

FOLDER = Path(clients.__file__).parent


def used_by_the_library():
    return {
        use.feature for name in EMAILS for mail in mails(LIBRARY[name]) for use in features(mail.seen, table().lacking)
    }


def test_reasons_are_given_for_what_emails_use_and_for_nothing_else():
    known, used = table(), used_by_the_library()
    assert {one for one in used if known.lacking.get(one)} == known.harmless.keys()
    assert {one for one in used if one not in known.lacking} == known.untested


def test_every_reason_is_a_sentence_and_names_programs_that_lack_the_feature():
    ours = tomllib.loads((FOLDER / "harmless.toml").read_text("utf-8"))
    reasons = [entry["why"] for entry in ours["harmless"].values()] + list(ours["untested"].values())
    assert [one for one in reasons if not one.endswith(".") or len(one) < 15] == []
    for feature, entry in ours["harmless"].items():
        lacking = [one for names in table().lacking[feature].values() for one in names]
        assert [name for name in entry["without"] if not any(one.startswith(name) for one in lacking)] == [], feature


def test_the_table_says_where_it_is_from():
    told = tomllib.loads((FOLDER / "clients.toml").read_text("utf-8"))
    source = told["source"]
    assert (
        source["address"].endswith("/hteumeuleu/caniemail")
        and len(source["commit"]) == 40
        and source["date"].year >= 2026
    )
    assert "MIT" in source["licence"] and "Rémi Parmentier" in (FOLDER / "CLIENTS-LICENCE.md").read_text("utf-8")
    assert len(told["features"]) > 250
    lists = [names for entry in told["features"].values() for names in entry.values()]
    assert {one for names in lists for one in names} == told["clients"].keys()


def test_the_table_agrees_with_what_everybody_knows():
    lacking = table().lacking
    assert {"outlook.windows", "outlook.windows-mail"} == set(lacking["css-border-radius"]["no"])
    assert "gmail.android" in lacking["css-at-media-prefers-color-scheme"]["no"]
    assert "apple-mail.ios" not in lacking["css-at-media-prefers-color-scheme"]["no"]
    assert lacking["html-table"] == lacking["css-unit-px"] == {}


def test_a_finding_names_feature_programs_and_where_to_read_more(tmp_path):
    (draft,) = read_drafts(copied(tmp_path / "templates", SURVEY), [])
    mail = replace(mails(LIBRARY[SURVEY])[0], seen=see('<p style="margin:0;float:left;zoom:2">a</p>'))
    unsupported, untested = check(draft, [mail, mail])
    assert (unsupported.kind, unsupported.severity) == ("unsupported-feature", "error")
    assert unsupported.says == (
        "css-float is not understood by Outlook for Windows, Windows Mail, only in part by Gmail on an iPhone, Gmail on Android, "
        "Yahoo on the web, Yahoo on an iPhone, Yahoo on Android, AOL on the web (https://www.caniemail.com/features/css-float/)"
    )
    assert (untested.kind, untested.says) == ("untested-feature", "nobody has tested the property zoom")
    assert (untested.file, untested.line) == ("messages/frame.mjml", 1)


def test_a_program_that_comes_to_lack_a_feature_is_found_though_others_may():
    known = table()
    fewer = replace(
        known, lacking={**known.lacking, "css-padding": {"no": ["gmail.ios"], "partly": ["outlook.windows"]}}
    )
    assert (known.unfit("css-padding", "no"), known.unfit("css-padding", "partly")) == ([], [])
    assert (fewer.unfit("css-padding", "no"), fewer.unfit("css-padding", "partly")) == (["Gmail on an iPhone"], [])
    assert known.unfit("css-display-grid", "no") == ["Outlook for Windows", "Windows Mail"]
