"""The site with the former hashing, to show that the tests of strangers' sign-ins would notice:
one queue for all addresses, and hashes of four threads each."""

from argon2 import PasswordHasher

from app.lib.fair_queue import WaitedTooLong
from app.lib.threadpool import NotStarted, SerialExecutor
from app.services import accounts


class FormerQueue(SerialExecutor):
    share = 1.0

    def is_hopeless(self, _client):
        return False

    def run(self, work, *args, **kwargs):
        try:
            return super().run(work, *args, **kwargs)
        except NotStarted:
            raise WaitedTooLong from None


def make_app():
    for name, former in (("_hash_queue", FormerQueue(timeout=3)), ("_hasher", PasswordHasher())):
        assert hasattr(accounts, name), f"there is no {name} to put the former one in the place of"
        setattr(accounts, name, former)
    from wsgi import app

    return app
