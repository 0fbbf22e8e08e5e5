"""Field types of the API, strict about JSON types: "2" and 1.5 are no numbers of seats."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from app.lib.datetimes import to_utc
from app.lib.names import NOTHING_VISIBLE, is_visible, tidy_line, tidy_text
from app.lib.text import SIGNS_NOT_SHOWN, is_showable
from app.models.booking import MAX_SEATS

MAX_ID = 10**18 - 1
_DAY = r"\d{4}-\d\d-\d\d"
DAY = re.compile(_DAY, re.ASCII)
MOMENT = re.compile(_DAY + r"[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)", re.ASCII)
"""RFC 3339, with optional seconds. Pydantic alone would accept "0" as the start of 1970."""


class Payload(BaseModel):
    """Base of all bodies, queries and responses; unknown fields are refused."""

    # Keys repeat; values do not, and would only fill pydantic's string cache.
    model_config = ConfigDict(extra="forbid", from_attributes=True, cache_strings="keys")


def _no_control_characters(text: str) -> str:
    if not is_showable(text):
        raise ValueError("must not hold control characters")
    return text


def _visible(text: str) -> str:
    if text and not is_visible(text):
        raise ValueError(NOTHING_VISIBLE)
    return text


def _one_line(text: str) -> str:
    if "\n" in text or "\r" in text:
        raise ValueError("must be one line")
    return text


def _check_time_format(value: object) -> object:
    if isinstance(value, datetime) or (isinstance(value, str) and MOMENT.fullmatch(value)):
        return value
    raise ValueError("must be a date and time as RFC 3339 text")


def _check_day_format(value: object) -> object:
    if isinstance(value, date) or (isinstance(value, str) and DAY.fullmatch(value)):
        return value
    raise ValueError("must be a day, as in 2030-01-31")


Id = Annotated[int, Field(strict=True, ge=1, le=MAX_ID)]
Count = Annotated[int, Field(strict=True)]
Seats = Annotated[Count, Field(ge=1, le=MAX_SEATS)]
Flag = Annotated[bool, Field(strict=True)]
Text = Annotated[
    str,
    StringConstraints(strict=True, strip_whitespace=True),
    AfterValidator(_no_control_characters),
    AfterValidator(tidy_text),
    AfterValidator(_visible),
]
Line = Annotated[Text, AfterValidator(_one_line), AfterValidator(tidy_line)]
Moment = Annotated[AwareDatetime, BeforeValidator(_check_time_format), AfterValidator(to_utc)]
Day = Annotated[date, BeforeValidator(_check_day_format)]
Limit = Annotated[int, Field(ge=1, le=100, description="Rows in the answer.")]
Cursor = Annotated[
    str | None,
    Field(
        max_length=300,
        pattern="^[A-Za-z0-9_-]*$",
        description="From the previous answer's `Link` header.",
    ),
]
Search = Annotated[
    str,
    Field(max_length=100, json_schema_extra={"pattern": f"^[^{SIGNS_NOT_SHOWN}]*$"}),
    AfterValidator(_no_control_characters),
]
UNSET = datetime.min.replace(tzinfo=UTC)
"""Placeholder for a time that was left out; its value is never used."""


def without_defaults(schema: dict[str, Any]) -> None:
    """Remove defaults from the schema of a change: a field left out stays unchanged."""
    for field in schema["properties"].values():
        field.pop("default", None)
