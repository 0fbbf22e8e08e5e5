"""From the last bow to the verdict: what is left is bought, all is counted, the house is left."""

import time

from gevent.pool import Pool

from .asking import NoAnswer
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
    left = organiser.settled_event()["seats_available"]
    return judge(ledger, event["capacity"], left, list(organiser.bookings()), unsold)


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
    """Take the event away, and the accounts; what could not go is said."""
    try:
        house.organiser.stop_exporter()
    except Trouble as trouble:
        say(f"the event {house.event_id} stays: {trouble}")
    if house.options.keep_people:
        return
    stayed = [browser for browser in house.browsers if browser.person.has_account]
    gone = Pool(4).map(_leave, stayed)
    if not all(gone):
        say(f"{gone.count(False)} accounts stay: rehearsal-{house.run}-…@example.com")


def _leave(browser):
    try:
        browser.way.leave()
    except (NoAnswer, Trouble):
        return False
    return True
