"""What texts cost."""

from decimal import Decimal

import pytest

from campaigns.domain.prices import Price, read_price
from campaigns.errors import Rejected


@pytest.mark.parametrize(
    ("text", "amount"), [("0.0083 USD", "0.0083"), (" 1 EUR ", "1"), ("12.5 GBP", "12.5"), ("0.000001 USD", "0.000001")]
)
def test_an_amount_and_a_currency_are_read_and_written_alike(text, amount):
    price = read_price(text)
    assert price is not None and price.amount == Decimal(amount)
    assert read_price(str(price)) == price


@pytest.mark.parametrize("text", ["", "  "])
def test_nothing_said_is_no_price(text):
    assert read_price(text) is None


@pytest.mark.parametrize(
    "text", ["0.0083", "USD 0.0083", "$0.0083", "0,0083 USD", "-1 USD", "1 usd", "1e3 USD", "99999 USD"]
)
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(Rejected, match="such as 0.0083 USD"):
        read_price(text)


@pytest.mark.parametrize(
    ("count", "said"),
    [(1, "0.0083 USD"), (2, "0.0166 USD"), (120, "0.9960 USD"), (548, "4.55 USD"), (200_000, "1,660.00 USD")],
)
def test_several_cost_so_many_times_as_much_and_are_rounded_to_cents_from_one_unit_on(count, said):
    assert str(Price(Decimal("0.0083"), "USD").times(count).rounded) == said
