"""The site as it was: sign-ups are counted for all together when they are tried."""

from app.edge.rate_limiter import RateLimiter


def look_and_count(self, name, _place, *who):
    self.spend(name, *who)


def make_app():
    RateLimiter.look_everyone = look_and_count
    RateLimiter.note_everyone = lambda *_: None
    from wsgi import app

    return app
