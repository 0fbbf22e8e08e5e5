"""Requests as a patient person makes them: again when told to wait, by the same key."""

import random
import time

import gevent

PATIENCE = 60
"""Seconds for which somebody asks again before they give up."""
LONGEST = 10
"""Seconds: every request is to end within them."""


class NoAnswer(Exception):
    """The site gave no answer that it documents; the ledger knows."""


class Asking:
    """One person's requests, over connections and with cookies of their own."""

    def __init__(self, client, ledger):
        self._client, self._ledger = client, ledger

    def __call__(self, method, path, step, expect, **facts):
        """The answer, whose status is one of `expect`; raises `NoAnswer`."""
        give_up, weary = time.monotonic() + PATIENCE, 1.0
        while True:
            answer, pause = self._once(method, path, step, expect, facts)
            if pause is None:
                return answer
            # Who was sent away twice waits for longer before they ask a third time.
            pause, weary = pause * weary, min(weary * 1.5, 8)
            if time.monotonic() + pause > give_up:
                self._ledger.wrong(f"{step}: no answer but {answer.status_code} for {PATIENCE} s")
                raise NoAnswer
            gevent.sleep(pause * random.uniform(0.8, 1.2))

    def _once(self, method, path, step, expect, facts):
        """The answer, and after how many seconds to ask again if it is none."""
        began = time.monotonic()
        answer = self._client.request(
            method, path, name=step, catch_response=True, allow_redirects=False, **facts
        )
        with answer:
            status, pause = answer.status_code, None
            if time.monotonic() - began > LONGEST:
                self._ledger.wrong(f"{step}: no answer within {LONGEST} s")
            if status in expect:
                answer.success()
            elif status == 503 and "Retry-After" in answer.headers:
                answer.success()
                self._ledger.told_to_wait += 1
                pause = int(answer.headers["Retry-After"])
            elif status == 0:
                answer.failure(f"cut off: {answer.error!r}"[:200])
                self._ledger.cut_off += 1
                pause = 0.5
            else:
                answer.failure(f"{status}: {(answer.text or '')[:200]}")
                self._ledger.wrong(f"{step}: {status}")
                raise NoAnswer
        return answer, pause
