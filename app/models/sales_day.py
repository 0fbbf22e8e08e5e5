"""What was sold of an event on one day by the site's clock, summed when the day was over."""

from datetime import date

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model


class SalesDay(Model):
    """A day's bookings never change afterwards: what is cancelled later counts on its own day."""

    __tablename__ = "sales_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    bookings: Mapped[int]
    seats: Mapped[int]
    cancellations: Mapped[int]
    seats_back: Mapped[int]
    takings: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """What the seats cost, in the smallest unit of the event's currency."""
    takings_back: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """What the seats given back had cost."""


class SummedDay(Model):
    """A day that is in `sales_days`, also when nothing was sold on it."""

    __tablename__ = "summed_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    time_zone: Mapped[str] = mapped_column(String(64), server_default="")
    """By whose midnights it began and ended."""
