"""Who goes when there is no room, and where a request ends."""

import socket
import time
from contextlib import closing

import pytest

from app.edge.request_framing import Frame
from app.edge.size_limits import MAX_REQUEST
from app.edge.slow_clients import CHECK_INTERVAL, GRACE, Arrivals


class Crowd:
    """Connections of our own, as a worker has them."""

    def __init__(self, max_batch):
        self.arrivals, self.ends = Arrivals(max_batch), []

    def come(self, address, many=1):
        pairs = [socket.socketpair() for _ in range(many)]
        self.ends += [end for pair in pairs for end in pair]
        return [(self.arrivals.opened(ours, (address, 1)), theirs) for ours, theirs in pairs]

    def look(self):
        time.sleep(max(GRACE, CHECK_INTERVAL) + 0.02)
        self.arrivals.check()

    def close(self):
        for end in self.ends:
            end.close()


@pytest.fixture
def crowd():
    with closing(Crowd(max_batch=20)) as crowd:
        yield crowd


def ended(connections):
    return [arrival.is_ended for arrival, _ in connections]


def test_the_address_that_has_most_loses_those_that_wait_longest(crowd):
    one, few, many = crowd.come("10.0.0.1"), crowd.come("10.0.0.2", 3), crowd.come("10.0.0.3", 9)
    crowd.look()
    assert ended(one) == [False]
    assert ended(few) == [False] * 3
    assert ended(many) == [True] * 3 + [False] * 6


def test_while_there_is_room_nobody_goes(crowd):
    many = crowd.come("10.0.0.3", 10)
    crowd.look()
    assert not any(ended(many))


def test_who_is_answered_and_who_has_sent_something_stays(crowd):
    answered, sent, idle = (crowd.come("10.0.0.1", 5) for _ in range(3))
    for arrival, _ in answered:
        arrival.stop_waiting()
    for _, theirs in sent:
        theirs.send(b"GET")
    crowd.look()
    assert not any(ended(answered) + ended(sent))
    assert all(ended(idle))


def test_a_household_of_ipv6_is_one_address(crowd):
    household = [crowd.come(f"2001:db8:0:7::{n:x}")[0] for n in range(9)]
    others = [crowd.come(f"2001:db8:0:{n:x}::1")[0] for n in range(8, 12)]
    crowd.look()
    assert sum(ended(household)) == 3
    assert not any(ended(others))


def test_whoever_just_came_has_a_moment(crowd):
    crowd.come("10.0.0.3", 15)
    crowd.arrivals.check()
    assert not any(arrival.is_ended for arrival in crowd.arrivals._open.values())


CHUNKED = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
REQUESTS = [
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\ncontent-LENGTH:  5 \r\nX: y\r\n\r\nhello",
    b"POST / HTTP/1.1\r\nContent-Length: 0\r\nHost: a\r\n\r\n",
    CHUNKED + b"5\r\n0\r\n\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n",
    CHUNKED + b"1\r\na\r\n0\r\nTrailer: x\r\n\r\n",
]


@pytest.mark.parametrize("request_bytes", REQUESTS)
@pytest.mark.parametrize("step", [1, 2, 3, 7])
def test_a_request_is_whole_with_its_last_byte_and_not_before(request_bytes, step):
    frame = Frame()
    for at in range(0, len(request_bytes), step):
        assert not frame.is_whole()
        frame.add(request_bytes[at : at + step])
    assert frame.is_whole()


@pytest.mark.parametrize("size", [b"-5", b"x", b"", b"zz;"])
def test_what_the_parser_refuses_is_not_waited_for(size):
    frame = Frame()
    frame.add(CHUNKED + size + b"\r\n")
    assert frame.is_whole()


def test_what_is_far_too_large_is_refused_by_its_headers():
    frame = Frame()
    frame.add(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (MAX_REQUEST + 1))
    assert frame.is_whole()
    assert frame.is_too_large


def framed(data):
    frame = Frame()
    frame.add(data)
    return frame


@pytest.mark.parametrize("digits", [b"5", b"0" * 30 + b"5"])
def test_a_length_is_read_as_gunicorn_reads_it(digits):
    frame = framed(b"POST / HTTP/1.1\r\nContent-Length: " + digits + b"\r\n\r\n1234")
    assert not frame.is_whole()
    frame.add(b"5")
    assert frame.is_whole()
    assert not frame.is_too_large


def test_a_length_beyond_all_bounds_is_too_large():
    assert framed(b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 40 + b"\r\n\r\n").is_too_large


@pytest.mark.parametrize(
    "rest", [b"a" * 9000, b"5;" + b"x" * 9000, b"0\r\nTrailer: " + b"x" * 70_000]
)
def test_what_never_ends_in_a_body_of_chunks_is_left_to_the_parser(rest):
    """Not sought through again and again, in the thread that reads for everybody."""
    assert framed(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + rest).is_whole()
