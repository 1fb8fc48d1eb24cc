"""What others can see: a lock screen, a text, a shared calendar must not tell what the class is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from campaigns.language import ENGLISH
from campaigns.lint import terms
from campaigns.lint.draft import Draft
from campaigns.lint.finding import Finding, finding
from campaigns.lint.rendered import ADDRESS, Mail, Note


def check_mails(draft: Draft, mails: Sequence[Mail]) -> Iterator[Finding]:
    """Find telling words in subject, preheader and invitation."""
    for mail in mails:
        calendar = ADDRESS.sub("", mail.calendar)
        for key, words in (("subject", mail.subject), ("preheader", mail.preheader), ("calendar", calendar)):
            if found := terms.TELLING[mail.language].search(words):
                spot = draft.setting(key, ENGLISH if key == "calendar" else mail.language)
                says = f"the {key} says “{found[0]}”"
                yield finding(f"{key}-condition", draft.name, spot, says)


def check_notes(draft: Draft, notes: Sequence[Note]) -> Iterator[Finding]:
    """Find telling words in a text message."""
    for note in notes:
        if found := terms.TELLING[note.language].search(ADDRESS.sub("", note.text.body)):
            spot = draft.where(found[0], note.language)
            yield finding("text-condition", draft.name, spot, f"the text says “{found[0]}”")
