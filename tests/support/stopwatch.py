"""What is quick is quick at one of a few times: other tests may hold any of them up."""

import time

TRIES = 3


def quickest(work, enough):
    """The seconds that a work took when it took least; tried again until that is enough, three
    times at most. What is slow is slow each time."""
    took = []
    while len(took) < TRIES:
        began = time.monotonic()
        work()
        took.append(time.monotonic() - began)
        if took[-1] < enough:
            break
    return min(took)
