"""Buyers under load who write down what they were told, and the check of it against the truth."""

import ssl
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field

import httpx

PATIENCE = 10
"""Seconds: every request is to end within them."""
# Made once: httpx would read the certificates of the whole world for each request.
CERTIFICATES = ssl.create_default_context()


def send(method, url, **facts):
    """A request over a connection of its own."""
    return httpx.request(
        method, url, timeout=PATIENCE, verify=CERTIFICATES, trust_env=False, **facts
    )


def ask(method, url, **facts):
    """The status and the JSON of the answer; the name of the error when there was no answer."""
    try:
        answer = send(method, url, **facts)
    except httpx.HTTPError as error:
        return type(error).__name__, None
    return answer.status_code, answer.json() if answer.status_code in {200, 201} else None


@dataclass
class Crowd:
    """People who each do the same over and over, in a thread each, until the crowd is left."""

    url: str
    event_id: int
    user_ids: list
    statuses: Counter = field(default_factory=Counter)
    answers: list = field(default_factory=list)
    """(moment of asking, seconds, status) of every request."""
    booked: dict = field(default_factory=dict)
    """Idempotency key to booking id, of the 201 answers; without keys, id to id."""
    pause: float = 0.0
    """Seconds of rest after each thing that somebody did."""

    def __post_init__(self):
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._go_on, args=(user_id,), daemon=True)
            for user_id in self.user_ids
        ]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error):
        self._over.set()
        for thread in self._threads:
            thread.join(3 * PATIENCE)
            assert not thread.is_alive(), "somebody hangs"

    def _go_on(self, user_id):
        while not self._over.is_set():
            self._act(user_id)
            self._over.wait(self.pause)

    def _ask(self, method, path, **facts):
        began = time.monotonic()
        status, answer = ask(method, self.url + path, **facts)
        self.answers.append((began, time.monotonic() - began, status))
        self.statuses[status] += 1
        return status, answer

    @property
    def slowest(self):
        return max((seconds for _began, seconds, _status in self.answers), default=0.0)

    def slowest_asked_in(self, began, ended):
        """The longest that anybody waited of those who asked between two moments."""
        return max((s for at, s, _status in self.answers if began <= at <= ended), default=0.0)


@dataclass
class Buyers(Crowd):
    """Each buys one seat after another; a lost or unavailable answer is asked again, by its key."""

    stays = False
    """Whether one who has no answer when the crowd is left goes on asking until there is one."""
    keeps_asking: bool = True
    refused: set = field(default_factory=set)
    unknown: set = field(default_factory=set)
    hunters: "Hunters | None" = None
    """Those who are after another event's few seats at the same time."""

    def wait_for_bookings(self, more, seconds=20):
        """Wait until so many more seats are booked; the seconds it took."""
        began, goal = time.monotonic(), len(self.booked) + more
        while len(self.booked) < goal:
            assert time.monotonic() < began + seconds, f"no {more} bookings in {seconds} s"
            time.sleep(0.005)
        return time.monotonic() - began

    def newcomer_books(self):
        """Let somebody come who is with no worker yet, and book; the seconds it took them."""
        began, booked = time.monotonic(), len(self.booked)
        self._act(self.user_ids[0])
        assert len(self.booked) > booked, "the newcomer was refused"
        return time.monotonic() - began

    def _act(self, user_id):
        key = uuid.uuid4().hex
        wish = {"user_id": user_id, "event_id": self.event_id, "idempotency_key": key}
        for _attempt in range(60 if self.keeps_asking else 1):
            status, answer = self._ask("POST", "/bookings", json=wish)
            if status == 201:
                self.booked[key] = answer["booking_id"]
                return
            if status in {404, 409}:
                self.refused.add(key)
                return
            if self._over.wait(0.05):
                if not self.stays:
                    break
                time.sleep(0.05)
        self.unknown.add(key)


@dataclass
class Hunters(Crowd):
    """After the few seats of a scarce event, without keys: them the gate alone may refuse.

    Whoever finds none left gives one of their own back, so that the tokens are around nought all
    the time, which is where a seat is stranded.
    """

    asked_back: set = field(default_factory=set)
    given_back: set = field(default_factory=set)
    lost: Counter = field(default_factory=Counter)
    """Bookings without an answer: they may have been made."""

    def _act(self, user_id):
        wish = {"user_id": user_id, "event_id": self.event_id}
        status, answer = self._ask("POST", "/bookings", json=wish)
        if status == 201:
            self.booked[answer["booking_id"]] = answer["booking_id"]
        elif status == 409:
            self._give_one_back(user_id)
        else:
            self.lost[status] += 1
        self._over.wait(0.03)

    def _give_one_back(self, user_id):
        status, answer = self._ask("GET", f"/users/{user_id}/bookings")
        mine = [b["booking_id"] for b in answer or [] if b["status"] == "CONFIRMED"]
        if not mine:
            return
        self.asked_back.add(mine[0])
        while status := self._ask("DELETE", f"/bookings/{mine[0]}")[0]:
            if status == 200:
                self.given_back.add(mine[0])
            if status == 200 or self._over.wait(0.05):
                return


def check_history(buyers, sql):
    """What was said to be booked is booked, once; what was refused is not; unknown is either."""
    rows = sql("SELECT idempotency_key, id FROM bookings WHERE event_id = %s", buyers.event_id)
    truth = dict(rows)
    assert len(truth) == len(rows)
    for key, booking_id in buyers.booked.items():
        assert truth.get(key) == booking_id, f"a confirmed booking is lost: {key}"
    assert not buyers.refused & truth.keys(), "a refused booking was made"
    assert truth.keys() <= buyers.booked.keys() | buyers.unknown
    assert buyers.slowest <= PATIENCE


def check_hunt(hunters, sql):
    """The same of bookings without keys, and of the seats that were given back."""
    truth = dict(sql("SELECT id, status FROM bookings WHERE event_id = %s", hunters.event_id))
    assert hunters.booked.keys() <= truth.keys(), "a confirmed booking is lost"
    assert len(truth) <= len(hunters.booked) + hunters.lost.total()
    cancelled = {id for id, status in truth.items() if status == "CANCELLED"}
    assert hunters.given_back <= cancelled <= hunters.asked_back
    assert hunters.slowest <= PATIENCE


def sell_out(url, event_id, user_id, left):
    """Every free seat can be bought, one by one and without a key, and not one more."""
    wish = {"user_id": user_id, "event_id": event_id}
    answers = [ask("POST", f"{url}/bookings", json=wish)[0] for _ in range(left + 1)]
    assert answers == [201] * left + [409], f"{left} seats were left to buy"
