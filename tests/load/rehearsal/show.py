"""From the last bow to the verdict: what is left is bought, all is counted, the house is left."""

import time

from .house import say
from .organiser import Trouble
from .verdict import judge

AT_ONCE = 1_000
"""Seats in one booking at most."""
BELIEVED = 1.1
"""Seconds: a wrong "sold out" is no older than one."""


def count(house):
    """The verdict, by the site's own answers."""
    ledger, organiser = house.ledger, house.organiser
    event = organiser.settled_event()
    time.sleep(BELIEVED)
    rows = list(organiser.bookings())
    unsold = buy_the_rest(house, event["seats_available"], rows)
    event = organiser.settled_event()
    left, held = event["seats_available"], event["seats_held"]
    return judge(ledger, event["capacity"], left, list(organiser.bookings()), unsold, held)


def buy_the_rest(house, left, rows):
    """Every free seat can be bought, and not one more; how many of them can not."""
    if not rows:
        return 0
    guest, bought = rows[0], 0
    while bought < left:
        seats = min(AT_ONCE, left - bought)
        if not _bought(house, guest, seats):
            return left - bought
        bought += seats
    if _bought(house, guest, 1):
        house.ledger.broken.append("a seat was sold beyond those that were shown as free")
    return 0


def _bought(house, guest, seats):
    order = house.ledger.asked(guest["user_email"], seats)
    booking_id = house.organiser.buy(guest["user_id"], seats, order.key)
    if booking_id is None:
        order.refused = True
        return False
    order.booking_id, order.kept = booking_id, seats
    return True


def leave(house):
    """Take away the event and, unless they are to be kept, the people with all that they did."""
    try:
        house.organiser.stop_exporter()
    except Trouble as trouble:
        say(f"the event {house.event_id} stays: {trouble}")
        return
    if house.options.keep_people:
        return
    try:
        kept = house.organiser.remove(house.run)
    except Trouble as trouble:
        say(f"flask remove-rehearsal {house.run} takes away what stays: {trouble}")
    else:
        if kept:
            say(f"{kept} bookings of other people stay, cancelled, and so does the deleted event")
