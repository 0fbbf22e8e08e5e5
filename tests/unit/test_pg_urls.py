"""Addresses of PostgreSQL, as settings have them."""

import pytest
from psycopg.conninfo import conninfo_to_dict

from app.lib.pg_urls import engine_url, in_order, libpq_url

SEVERAL = "postgresql+psycopg://u:p%40s@one:5433,two,[::1]:5434/tickets?sslmode=require"
ONE = [
    "postgresql+psycopg:///tickets",
    "postgresql+psycopg://u:p%40s@one:5433/tickets?sslmode=require",
    "postgresql+psycopg://u@/tickets?host=%2Fvar%2Frun",
]


def driver_options(url):
    made = engine_url(url)
    return made.get_dialect()().create_connect_args(made)[1]


@pytest.mark.parametrize("url", ONE)
def test_one_server_is_named_as_ever(url):
    assert engine_url(url).render_as_string(hide_password=False) == url
    assert libpq_url(url) == url.replace("+psycopg", "")


def test_of_several_the_one_is_meant_that_takes_writes():
    wanted = {"dbname": "tickets", "user": "u", "password": "p@s", "sslmode": "require"}
    wanted |= {"target_session_attrs": "primary", "host": "one,two,::1"}
    assert driver_options(SEVERAL) == {**wanted, "port": "5433,5432,5434"}
    assert conninfo_to_dict(libpq_url(SEVERAL)) == {**wanted, "port": "5433,,5434"}


def test_an_address_may_say_which_one_is_meant():
    url = "postgresql+psycopg://one,two/tickets?target_session_attrs=read-write"
    for options in (driver_options(url), conninfo_to_dict(libpq_url(url))):
        assert options["target_session_attrs"] == "read-write"


def test_the_server_that_answered_last_is_asked_first():
    assert in_order("one,two,one", "1,2,3", ("one", "3")) == ("one,one,two", "3,1,2")
    assert in_order("one,two", "1,2", None) == ("one,two", "1,2")
    assert in_order("one,two", "1,2", ("gone", "9")) == ("one,two", "1,2")


def test_several_may_be_named_by_their_sockets():
    url = "postgresql+psycopg://u@/tickets?host=/run/one,/run/two"
    for options in (driver_options(url), conninfo_to_dict(libpq_url(url))):
        assert options["host"] == "/run/one,/run/two"
        assert options["target_session_attrs"] == "primary"
