"""Run a template, and stop it: what is said is counted while it is being said."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from jinja2 import Template, TemplateError

from campaigns.errors import TemplateInvalid
from campaigns.rendering.limits import SECONDS
from campaigns.rendering.variables import Value

Ticks = Callable[[], float]
"""Gives seconds that only ever grow."""
_FAULTS: Final = (TemplateError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Producer:
    """Renders the parts of one message, all within the time that one message has."""

    message: str
    ticks: Ticks
    until: float

    @classmethod
    def of(cls, message: str, ticks: Ticks = time.monotonic) -> Producer:
        """Begin now."""
        return cls(message, ticks, ticks() + SECONDS)

    def say(self, part: str, template: Template, values: Mapping[str, Value], most: int) -> str:
        """Render one part, of `most` characters at most.

        Raises `TemplateInvalid` that names message and part, with no value of a person in it, as
        soon as there are more, the time is over, or the template asks what cannot be answered.
        """
        said: list[str] = []
        length = 0
        try:
            for piece in template.generate(values):
                length += len(piece)
                if length > most:
                    raise self._fault(part, f"comes to more than {most} characters; shorten it")
                if self.ticks() > self.until:
                    raise self._fault(part, f"takes more than {SECONDS:g} seconds to render; ask less of it")
                said.append(piece)
        except TypeError as error:
            # It names types, such as a word compared with a number, and no values.
            raise self._fault(part, f"asks what has no answer: {error}") from error
        except _FAULTS as error:
            raise self._fault(part, f"cannot be rendered ({type(error).__name__})") from error
        return "".join(said)

    def _fault(self, part: str, says: str) -> TemplateInvalid:
        return TemplateInvalid(f"{self.message}: the {part} {says}")
