"""Every kind of finding: whether it stops a message, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Kind:
    """What is the same for all findings of a kind."""

    severity: Severity
    remedy: str


def _errors(**remedies: str) -> dict[str, Kind]:
    return {name.replace("_", "-"): Kind("error", remedy) for name, remedy in remedies.items()}


def _warnings(**remedies: str) -> dict[str, Kind]:
    return {name.replace("_", "-"): Kind("warning", remedy) for name, remedy in remedies.items()}


_UNPROMISED: Final = "Say what is known, with its source, or leave it out."
_PRODUCT: Final = "Leave the product or treatment out; the class is education, not an offer of it."

KINDS: Final[dict[str, Kind]] = {
    # the files
    **_errors(
        unknown_name="Use a name of the closed list in campaigns/rendering/variables.py.",
        unknown_macro="Call a macro of the frame, with as many things in brackets as it takes.",
        unknown_filter="Use the filter unbroken, or none.",
        unknown_tag="Use only tags that frame.toml has attributes for.",
        not_markdown="Write paragraphs, one # heading, lists, > small print, **strong** and [words](manage_url) only.",
        not_mjml="Mend the frame at this line; it is MJML, with placeholders in its text and attributes only.",
        does_not_compile="Mend the template at this line; only if, elif, else and the names of the list are possible.",
        unknown_key="Take the key out, or correct its spelling.",
        bad_setting="Give the key one of the values it may have.",
        beyond_limits="Shorten it, or take it apart; campaigns/rendering/limits.py has the numbers.",
        unknown_file="Take the file out; a message has message.toml, body.md or sms.txt, and translations of them.",
        missing_file="Add the file, or copy it from the shipped templates.",
        missing_subject="Give the message a subject in this language.",
        missing_preheader="Give the message a preheader in this language.",
        bad_register="Mend claims.toml: every claim needs a statement, a source and a status.",
        bad_page="Give each section its own key, a heading and paragraphs of words and claims, each on one line.",
        unknown_allow="Use the kind of a finding as this check prints it.",
        never_allowed="Mend what the check has found; no reason lets this pass.",
        allow_without_why="Say in at least twenty characters why this may stay.",
    ),
    **_warnings(
        unused_words="Use the name in a message or in the frame, or take it out.",
        unused_allow="Take the [[allow]] table out; nothing of this kind is left.",
    ),
    # claims
    **_errors(
        unknown_claim="Use an id of claims.toml, or enter the claim there with its source.",
        unapproved_claim="Take the claim out until a clinician has signed it in claims.toml.",
        claim_twice="List each claim once.",
        other_sources="Let sources list where the claims come from: the source of each in claims.toml, once.",
        education_without_claims="List the ids of the claims that the message makes.",
        medical_words_without_claim="List the claim that says this, or leave the statement out.",
        percentage_without_reference="Leave the figure out, or list a claim whose statement has it.",
        claim_cure=_UNPROMISED,
        claim_guarantee="Promise nothing about a body; say what people can do.",
        claim_proven=_UNPROMISED,
        claim_reverse=_UNPROMISED,
        claim_regenerate=_PRODUCT,
        claim_breakthrough="Say plainly what is new, with its source, or leave it out.",
        claim_miracle=_UNPROMISED,
        claim_risk_free="Name the risks, or do not speak of them.",
        claim_painless="Say what people may feel, or leave it out.",
        claim_no_side_effects="Name the risks, or do not speak of them.",
        claim_fda="Leave the authority out, or let a lawyer read the sentence and allow it.",
        claim_stem_cell=_PRODUCT,
        claim_exosome=_PRODUCT,
        claim_prp=_PRODUCT,
        claim_amniotic=_PRODUCT,
        claim_avoid_surgery="Do not promise that an operation can be avoided; say when one is thought about.",
        claim_before_after="Compare no patients; say what an exam can show.",
        claim_brand="Leave brand names and their signs out.",
        claim_diagnosis="Do not tell readers what they have; say that an exam can show it.",
        health_statement="Do not speak of the reader's own health as known; write “people with …” or “if …”.",
    ),
    # what others can see
    **_errors(
        subject_condition="Name no condition or part of the body in the subject; use {{ class_name }}.",
        preheader_condition="Name no condition or part of the body in the preheader; lock screens show it.",
        text_condition="Name no condition or part of the body in a text message; use {{ class_name }}.",
        calendar_condition="Give the class a discreet title; families and employers see calendars.",
    ),
    # tone
    **_errors(
        exclamation="End the sentence with a full stop.",
        shouting="Write the words in small letters.",
        spam_words="Say the same without pressure and without words that filters look for.",
        placeholder_text="Write the text that belongs here.",
        first_name_without_fallback="Use {{ greeting }} or {{ name_after }}, or ask {% if first_name %} first.",
    ),
    **_warnings(
        two_blanks="Leave one blank.",
        blank_before_period="Take the blank out.",
        mixed_quotes="Use curly quotes and apostrophes throughout: “ ” ’.",
    ),
    # links
    **_errors(
        link_label="Let the label say what is behind the link.",
        raw_address="Use a name of the list, such as {{ manage_url }}, in a link or a button.",
        foreign_link="Link only to our own pages, by the names of the list.",
        dead_link="Use the address as the name gives it; no page of ours is there.",
        link_shortener="Use our own link; shortened ones are filtered and hide where they lead.",
        no_call_to_action="Give the message one button, or ask for a reply in a box.",
        two_calls_to_action="Keep one button, and make the others plain links.",
    ),
    # the shape of an email
    **_errors(
        no_heading="Begin the message with one first-level heading.",
        two_headings="Keep one first-level heading, and make the others lower.",
        skipped_heading="Use the next lower level of heading.",
        image_without_alt='Say in alt what the picture shows, or alt="" if it only decorates.',
        table_without_role='Add role="presentation" to a table that only arranges.',
        missing_lang="Set lang on <mjml> to {{ language }}.",
        missing_title="Set <mj-title> to {{ subject }}.",
        small_text="Make it 14px or larger.",
        small_body="Make the text of the message 16px or larger.",
        contrast="Darken the text or lighten what is behind it.",
        contrast_dark="Lighten the text or darken what is behind it in the dark style sheet.",
        too_big="Shorten the message or its styles; Gmail cuts off what is over 102 KB.",
        unsupported_feature="Leave it out, or say in campaigns/lint/harmless.toml why the email reads as well without.",
        untested_feature="Use another feature, or say in campaigns/lint/harmless.toml why this one may be used.",
        parts_differ="Let both bodies say the same words in the same order.",
    ),
    # the foot
    **_errors(
        no_disclaimer="Call disclaimer() in the foot, and let it say that this is education, not medical advice.",
        no_help_line="Let the foot say when to get medical help, and to call 911 in an emergency.",
        no_address="Show {{ clinic }}, {{ address }} in the foot where everybody sees it.",
        no_stop_in_html="Show a link to {{ stop_url }} in stop_lines() of frame.parts.html, and call it in frame.mjml.",
        no_stop_in_text="Show {{ stop_url }} in the foot of frame.txt.",
    ),
    # lengths and grades
    **_errors(
        hard_to_read="Split long sentences and use shorter words.",
        above_grade="Split long sentences and use shorter words, or set grade to what the message aims at, up to 8.",
        education_length="Bring a short read to 120 to 300 words.",
        too_long_subject="Cut the subject to 60 characters.",
        text_too_long="Shorten the text; it must fit into two parts with the longest values.",
        text_characters="Write it in plain letters.",
        text_without_clinic="Begin the text with {{ clinic }}.",
        no_stop_word="Say “Reply HELP for help, STOP to end” in the confirmation.",
    ),
    **_warnings(
        long_words="Use shorter words where there are some.",
        long_subject="Cut the subject to 60 characters; phones show no more.",
        long_preheader="Cut the preheader to 110 characters.",
        preheader_repeats_subject="Let the preheader say something that the subject does not.",
        text_in_two_parts="Shorten the text if you can; with the longest values it costs two parts.",
    ),
    # languages
    **_errors(
        missing_translation="Write the message in this language too; the service speaks to everybody.",
        other_placeholders="Use the same names and links in the translation as in the English.",
    ),
}
