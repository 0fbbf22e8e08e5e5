import threading
import time

from app.lib.timings import Timings
from tests.support.servers import wait_until


def test_nine_of_ten_took_no_longer_by_key_and_together():
    timings = Timings()
    for seconds in range(1, 11):
        timings.note(7, seconds / 100)
    timings.note(8, 0.01)
    found = timings.take()
    assert found[7] == (0.09, 10)
    assert found[8] == (0.01, 1)
    assert found[None].ended == 11
    assert timings.take() == {}


def test_what_is_under_way_counts_for_as_long_as_it_has_taken():
    """Else a desk that has come to a stop would look idle."""
    timings, stop = Timings(), threading.Event()

    def work():
        token = timings.begin(7)
        stop.wait(5)
        timings.end(token)

    thread = threading.Thread(target=work)
    thread.start()
    wait_until(lambda: timings.take().get(7, (0, 0))[0] > 0.05)
    stop.set()
    thread.join()
    time.sleep(0.01)
    assert timings.take()[7].ended == 1
    assert timings.take() == {}
