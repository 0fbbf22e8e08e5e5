"""What was sold of an event on one day (UTC), summed when the day was over."""

from datetime import date

from sqlalchemy import BigInteger
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


class SummedDay(Model):
    """A day that is in `sales_days`, also when nothing was sold on it."""

    __tablename__ = "summed_days"

    day: Mapped[date] = mapped_column(primary_key=True)
