"""What a webinar's page has to teach, section by section; each paragraph names the claims that it makes.

A claim that is withdrawn takes its paragraphs from the page. Who withdrew what is not known here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A few sentences that stand or fall together."""

    words: str
    claims: tuple[str, ...]
    """Ids in the claims register; never empty."""
    cited: tuple[str, ...]
    """How the sources of these claims are cited, each once."""


@dataclass(frozen=True, slots=True)
class Section:
    """One thing to know."""

    key: str
    """Its place on the page: small letters, digits and dashes."""
    heading: str
    paragraphs: tuple[Paragraph, ...]

    @property
    def cited(self) -> tuple[str, ...]:
        """The sources of all its paragraphs, each once, in the order in which they come up."""
        return citations((self,))


def shown(sections: Iterable[Section], withdrawn: Collection[str]) -> tuple[Section, ...]:
    """Leave out paragraphs that make a withdrawn claim, and sections that have no paragraph left."""
    kept = (
        replace(one, paragraphs=tuple(part for part in one.paragraphs if not set(withdrawn).intersection(part.claims)))
        for one in sections
    )
    return tuple(one for one in kept if one.paragraphs)


def citations(sections: Iterable[Section]) -> tuple[str, ...]:
    """List the sources of sections, each once, in the order in which they come up."""
    return tuple(dict.fromkeys(cite for one in sections for part in one.paragraphs for cite in part.cited))


def to_json(sections: Sequence[Section]) -> list[dict[str, Any]]:
    """Give a value that JSON can hold; `from_json` takes it back unchanged."""
    return [asdict(one) for one in sections]


def from_json(value: Iterable[Mapping[str, Any]]) -> tuple[Section, ...]:
    """Take back what `to_json` gave."""
    return tuple(
        Section(
            one["key"],
            one["heading"],
            tuple(Paragraph(part["words"], tuple(part["claims"]), tuple(part["cited"])) for part in one["paragraphs"]),
        )
        for one in value
    )
