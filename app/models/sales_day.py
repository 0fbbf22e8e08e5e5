"""An event's sales on one day in the site's time zone, summed once the day is over."""

from datetime import date

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model


class SalesDay(Model):
    """An event's sales on one day.

    The row never changes afterwards: a cancellation counts on the day it is made.
    """

    __tablename__ = "sales_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    bookings: Mapped[int]
    seats: Mapped[int]
    cancellations: Mapped[int]
    seats_back: Mapped[int]
    booked_value: Mapped[int] = mapped_column(
        "takings", BigInteger, server_default="0", key="booked_value"
    )
    """Price of the seats, in the smallest unit of the event's currency."""
    booked_value_back: Mapped[int] = mapped_column(
        "takings_back", BigInteger, server_default="0", key="booked_value_back"
    )
    """Price of the seats given back, in the same unit."""


class SummedDay(Model):
    """A day that has been summed into `sales_days`, even if nothing was sold on it."""

    __tablename__ = "summed_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    time_zone: Mapped[str] = mapped_column(String(64), server_default="")
    """The time zone whose midnights began and ended the day."""
