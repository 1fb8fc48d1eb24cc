"""What texts cost: an amount for each segment, in the currency of the account that pays."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from campaigns.errors import Rejected

_PRICE: Final = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,6})?) ([A-Z]{3})")
_CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Price:
    """An amount in a currency; as text it is read again by `read_price`."""

    amount: Decimal
    currency: str
    """ISO 4217, three capital letters."""

    def times(self, count: int) -> Price:
        """Give the price of several."""
        return Price(self.amount * count, self.currency)

    @property
    def rounded(self) -> Price:
        """To cents, as a bill says it; below one unit every digit is kept, because texts cost fractions of a cent."""
        return Price(self.amount if self.amount < 1 else self.amount.quantize(_CENT), self.currency)

    def __str__(self) -> str:
        """Write it as `0.0083 USD`."""
        return f"{self.amount:,f} {self.currency}"


def read_price(text: str) -> Price | None:
    """Read an amount and a currency, `0.0083 USD`; None for an empty text. Raises `Rejected` for anything else."""
    if not text.strip():
        return None
    found = _PRICE.fullmatch(text.strip())
    if found is None:
        raise Rejected("must be an amount and a currency, such as 0.0083 USD")
    return Price(Decimal(found[1]), found[2])
