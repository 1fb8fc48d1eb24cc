"""Write a message: from its files to the fields of a form, and back to the files of a draft.

What a form cannot show is kept as it is: comments and keys of `message.toml`, and parts written by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import tomlkit
from tomlkit.items import AoT, Table

from campaigns.domain.steps import Channel
from campaigns.errors import Conflict, NotFound, Rejected, TemplateInvalid
from campaigns.language import ENGLISH, NAMES
from campaigns.lint.kinds import KINDS
from campaigns.operations.claims import register_of
from campaigns.rendering.environment import Source
from campaigns.rendering.files import with_bodies
from campaigns.rendering.limits import BODY
from campaigns.store.drafts import read_draft, write_draft
from campaigns.store.engine import Connection
from campaigns.store.versions import current_versions, template_content

LONGEST: Final = BODY.characters
"""Of a part of a message, as the reader of templates counts it."""
_KINDS_OF_PART: Final = ("subject", "preheader", "body", "plain", "text")


@dataclass(frozen=True, slots=True)
class Writing:
    """A message that is open for writing."""

    name: str
    files: Mapping[str, str]
    """Its own files, without the frame's and without what is made from them."""
    version_id: int
    """The version whose words these are, or that the draft changes."""
    seen: int = 0
    """Round of the draft; 0: there is none, and these are the newest version's words."""
    author: str = ""
    saved_at: datetime | None = None
    overtaken: bool = False
    """Whether a newer version than the one that the draft changes has been published since."""

    @property
    def channel(self) -> Channel:
        """By which it goes."""
        return Channel.SMS if "sms.txt" in self.files else Channel.EMAIL


@dataclass(frozen=True, slots=True)
class Words:
    """A message as the fields of a form."""

    parts: Mapping[str, str]
    """Each part by `kind.language`, such as `subject.en`; an email has `body`, a text `text`."""
    claims: tuple[str, ...]
    allowed: Mapping[str, str] = field(default_factory=dict)
    """Kinds of findings that somebody lets pass, with the reason."""


def open_writing(db: Connection, name: str) -> Writing:
    """Open the draft of a message, or the words of its newest version; raises `NotFound` for another name."""
    draft, version_id = read_draft(db, name), current_versions(db).get(name)
    if draft is not None:
        late = draft.version_id != version_id
        return Writing(name, draft.files, draft.version_id, draft.round, draft.author, draft.saved_at, late)
    if version_id is None:
        raise NotFound
    return Writing(name, own_files(Source.from_json(template_content(db, version_id))), version_id)


def own_files(source: Source) -> dict[str, str]:
    """Give the files of a message that somebody wrote: not the frame's, not what its bodies come to."""
    own = {file: text for file, text in source.files.items() if not file.startswith("frame.")}
    written = {file: text for file, text in own.items() if file.endswith((".md", ".toml"))}
    try:
        made = with_bodies(source.name, written)
    except TemplateInvalid:  # a version from before Markdown: everything in it was written by hand
        return own
    return {file: text for file, text in own.items() if file in written or made.get(file) != text}


def words_in(files: Mapping[str, str]) -> Words:
    """Give what a form shows of a message's files."""
    toml = _read(files)
    parts: dict[str, str] = {}
    for code in NAMES:
        said = toml if code == ENGLISH else toml.get(code, {})
        for key in ("subject", "preheader"):
            if isinstance(said, dict) and key in said:
                parts[f"{key}.{code}"] = str(said[key])
        for kind, file in _files_of(code).items():
            if file in files:
                parts[f"{kind}.{code}"] = files[file]
    allowed = {str(one.get("kind", "")): str(one.get("why", "")) for one in toml.get("allow", ())}
    return Words(parts, tuple(str(one) for one in toml.get("claims", ())), allowed)


def files_with(db: Connection, files: Mapping[str, str], words: Words) -> dict[str, str]:
    """Give a message's files with what a form says, and everything else as it was.

    Raises `Rejected` naming the field for a part that is too long or cannot be stored, and for what is no claim.
    """
    _storable(words)
    if strange := sorted(words.parts.keys() - words_in(files).parts.keys()):
        raise Rejected("This message has no such part.", field=strange[0])
    register = register_of(db)
    for claim in words.claims:
        if claim not in register.claims:
            raise Rejected(f"There is no claim {claim} in the register.", field="claims")
    toml = _read(files)
    made = dict(files)
    for name, text in words.parts.items():
        kind, _, code = name.partition(".")
        if kind in ("subject", "preheader"):
            _said(toml, code)[kind] = text.strip()
        else:
            made[_files_of(code)[kind]] = f"{text.strip()}\n"
    if words.claims or "claims" in toml:
        toml["claims"] = _listed(words.claims)
    if words.claims or "sources" in toml:
        toml["sources"] = _listed(sorted({register.claims[one].source for one in words.claims}))
    _let_pass(toml, words.allowed)
    made["message.toml"] = tomlkit.dumps(toml)
    return made


def save(  # whose, what, over which words, and when
    db: Connection, name: str, words: Words, *, version_id: int, seen: int, staff_id: int, now: datetime
) -> int:
    """Save a draft, sound or not; give its round. `version_id` and `seen` are those of the writing that was opened.

    Raises `Conflict` if somebody else has saved the draft or published a version since, `Rejected` by field.
    """
    writing = open_writing(db, name)
    if writing.version_id != version_id:
        raise Conflict("A newer version of these words was published in the meantime. Open the message afresh.")
    files = files_with(db, writing.files, words)
    return write_draft(db, name, files, version_id=version_id, seen=seen, staff_id=staff_id, now=now)


def _files_of(code: str) -> dict[str, str]:
    """Name the file of each part that is no line of `message.toml`, in a language."""
    mark = "" if code == ENGLISH else f".{code}"
    return {"body": f"body{mark}.md", "plain": f"body{mark}.txt", "text": f"sms{mark}.txt"}


def _read(files: Mapping[str, str]) -> tomlkit.TOMLDocument:
    return tomlkit.parse(files.get("message.toml", ""))


def _said(toml: tomlkit.TOMLDocument, code: str) -> Any:
    return toml if code == ENGLISH else toml[code]


def _listed(values: Sequence[str]) -> tomlkit.items.Array:
    made = tomlkit.array()
    made.extend(values)
    return made


def _let_pass(toml: tomlkit.TOMLDocument, allowed: Mapping[str, str]) -> None:
    toml.pop("allow", None)
    tables: list[Table] = []
    for kind, why in allowed.items():
        if kind in KINDS and why.strip():
            table = tomlkit.table()
            table.update({"kind": kind, "why": why.strip()})
            tables.append(table)
    if tables:
        toml["allow"] = AoT(tables)


def _storable(words: Words) -> None:
    texts = {**words.parts, **{f"allow.{kind}": why for kind, why in words.allowed.items()}}
    for name, text in texts.items():
        if "\x00" in text or "\ufffd" in text:
            raise Rejected("This holds characters that we could not read. Type them afresh.", field=name)
        if len(text) > LONGEST:
            raise Rejected(f"This is longer than {LONGEST:,} characters. Shorten it.", field=name)
        kind, _, code = name.partition(".")
        if kind != "allow" and (kind not in _KINDS_OF_PART or code not in NAMES):
            raise Rejected("A message has no such part.", field=name)
