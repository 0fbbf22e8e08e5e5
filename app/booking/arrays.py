"""Lists as PostgreSQL arrays, so that a statement's text does not depend on how long they are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    String,
    TypeDecorator,
    any_,
    bindparam,
    column,
    func,
)
from sqlalchemy import cast as sql_cast


class ArrayText(TypeDecorator[Sequence[Any]]):
    """A list as a PostgreSQL array literal.

    psycopg would convert it element by element, which took a fifteenth of a batch's time.
    """

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Any) -> str:
        return "{" + ",".join(map(_element, value or ())) + "}"


def _element(value: int | str | datetime | None) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return f'"{value.isoformat()}"'
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def array_of(name: str, kind: Any) -> Any:
    return sql_cast(bindparam(name, type_=ArrayText(), unique=False), ARRAY(kind))


def one_of(name: str, kind: Any) -> ColumnElement[Any]:
    return any_(array_of(name, kind))


def rows_of(**columns: Any) -> Any:
    """Return parallel arrays as a table (`unnest`)."""
    # Prefixed, since SQLAlchemy reserves the column names as parameters in INSERT and UPDATE.
    arrays = [array_of(f"given_{name}", kind) for name, kind in columns.items()]
    names = [column(name, kind) for name, kind in columns.items()]
    return func.unnest(*arrays).table_valued(*names, name=f"given_{names[0].name}").render_derived()
