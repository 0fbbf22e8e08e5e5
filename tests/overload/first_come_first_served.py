"""The site with the former hashing, to show that the tests of strangers' sign-ins would notice:
one queue for all addresses, and hashes of four threads each."""

from argon2 import PasswordHasher

from app.aside import Single, TooLate
from app.fair_queue import WaitedTooLong
from app.services import accounts


class FormerQueue(Single):
    share = 1.0

    def do(self, work, *args, **kwargs):
        try:
            return super().do(work, *args, **kwargs)
        except TooLate:
            raise WaitedTooLong from None


def make_app():
    accounts._hashing = FormerQueue(patience=3)
    accounts._hasher = PasswordHasher()
    from wsgi import app

    return app
