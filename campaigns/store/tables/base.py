"""What all tables share: one metadata, names for constraints, common columns."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any, Final

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Identity, MetaData

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix__%(table_name)s__%(column_0_N_name)s",
        "uq": "uq__%(table_name)s__%(column_0_N_name)s",
        "ck": "ck__%(table_name)s__%(constraint_name)s",
        "fk": "fk__%(table_name)s__%(column_0_N_name)s",
        "pk": "pk__%(table_name)s",
    }
)


def identity() -> Column[int]:
    """Give the primary key of a table."""
    return Column("id", BigInteger, Identity(always=False), primary_key=True)


def instant(name: str, *, nullable: bool = True) -> Column[Any]:
    """Give a column for an instant; the store keeps UTC."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def one_of(column: str, values: Iterable[str | Enum]) -> CheckConstraint:
    """Allow a text column only the given words."""
    words = ", ".join("'" + str(value.value if isinstance(value, Enum) else value) + "'" for value in values)
    return CheckConstraint(f"{column} IN ({words})", name=f"{column}_known")
