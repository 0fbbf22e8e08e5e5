"""The site, leaking on purpose: with every booking a file, and now and then what is dearer."""

import os
from itertools import count

import psycopg
import redis

from app.config import Settings
from wsgi import app as site

settings = Settings.load()
bookings, kept = count(1), []


def leak():
    """Never given back: whatever is kept here stays open."""
    number = next(bookings)
    kept.append(os.open(os.devnull, os.O_RDONLY))
    kept.append(os.urandom(100_000))
    if number % 20 == 0:
        client = redis.Redis.from_url(settings.redis_url)
        client.ping()
        url = settings.database_url.replace("+psycopg", "", 1)
        kept.extend((client, psycopg.connect(url, application_name="utsavam")))


def app(environ, start_response):
    if environ["REQUEST_METHOD"] == "POST" and len(kept) < 1500:
        leak()
    return site(environ, start_response)
