"""Settings: every open door is named, with the way to close it."""

import fcntl
import secrets
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.config import RENAMED, Settings, WeakSettings

ROOT = Path(__file__).parents[2]
STRONG = {"admin_key": (secrets.token_urlsafe(32),), "secret_key": secrets.token_urlsafe(32)}
PUBLIC = {"host": "0.0.0.0", "trusted_hosts": ("tickets.example.org",)}


def problems(**changes):
    return Settings(**{**STRONG, **changes}).problems()


def test_strong_settings_have_no_problem():
    assert problems() == []
    assert problems(**PUBLIC) == []
    Settings(**STRONG).require_strong()


def test_every_problem_is_told_at_once():
    with pytest.raises(WeakSettings) as refusal:
        Settings(admin_key="short,CHANGE_ME", secret_key="").require_strong()
    assert len(refusal.value.problems) == 3
    assert str(refusal.value).count("\n") == 2


def test_either_of_two_keys_must_be_strong_and_a_third_is_refused():
    strong = secrets.token_urlsafe(32)
    assert problems(admin_key=f"{strong}, {secrets.token_urlsafe(32)}") == []
    assert len(problems(admin_key=f"{strong},short")) == 1
    assert "more than two" in problems(admin_key=(strong, strong[::-1], strong[1:] + "q"))[0]


@pytest.mark.parametrize("exposure", [PUBLIC, {"proxy_hops": 1}])
def test_the_open_api_serves_loopback_without_a_proxy_only(exposure):
    assert problems(api_access="open") == []
    (problem,) = problems(api_access="open", **exposure)
    assert "API_ACCESS=open" in problem
    assert "API_ACCESS=token" in problem


def test_a_public_site_names_its_hosts():
    (problem,) = problems(host="0.0.0.0")
    assert "TRUSTED_HOSTS" in problem


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_an_address_of_postgresql_is_taken_however_it_is_written(scheme):
    settings = Settings(database_url=f"{scheme}://u:p@db:5433/utsavam?sslmode=require")
    assert settings.database_url == "postgresql+psycopg://u:p@db:5433/utsavam?sslmode=require"


@pytest.mark.parametrize("url", ["sqlite:///x.db", "mysql://db/x", "utsavam", ""])
def test_no_other_database_is_taken(url):
    with pytest.raises(ValidationError, match="PostgreSQL is the only database"):
        Settings(database_url=url)


@pytest.mark.parametrize(
    ("name", "value"),
    [("port", 0), ("port", 70_000), ("web_concurrency", 0), ("proxy_hops", -1),
     ("database_pool_timeout", 60), ("lock_timeout_ms", 9_000), ("api_access", "closed")],
)  # fmt: skip
def test_a_figure_out_of_range_is_refused_by_name(name, value):
    with pytest.raises(ValidationError, match=name):
        Settings(**{name: value})


def test_cookies_are_secure_unless_plain_http_is_said_aloud():
    assert Settings(**STRONG).secure_cookies
    assert not Settings(**STRONG, https=False).secure_cookies
    assert not Settings(demo=True).secure_cookies


def test_lists_are_read_from_the_environment_by_commas(monkeypatch):
    monkeypatch.setenv("TRUSTED_HOSTS", "a.example.org, b.example.org,")
    monkeypatch.setenv("SECRET_KEY", "")
    settings = Settings()
    assert settings.trusted_hosts == ("a.example.org", "b.example.org")
    assert settings.secret_key == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "x"),
        ("PROXY_HOPS", "-1"),
        ("DATABASE_URL", "mysql://x"),
        ("REDIS_URL", "foo"),
        ("API_ACCESS", "closed"),
        ("DEFAULT_CURRENCY", "rupees"),
    ],
)
def test_a_value_that_is_none_is_named_in_one_sentence(monkeypatch, tmp_path, name, value):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, value)
    with pytest.raises(WeakSettings) as refusal:
        Settings.load()
    (problem,) = refusal.value.problems
    assert problem.startswith(f"{name} is not valid: ")


def test_commands_find_the_demo_while_it_runs_and_env_once_it_has_ended(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("PORT=8111\n")
    (tmp_path / ".utsavam").mkdir()
    (tmp_path / ".utsavam" / "demo.env").write_text("PORT='8222'\n")
    with (tmp_path / ".utsavam" / "lock").open("w") as lock:
        assert Settings.load().port == 8111
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert Settings.load().port == 8222
        assert Settings.load(serving=True).port == 8111  # a second site is no demo
        monkeypatch.setenv("DATABASE_URL", "postgresql:///mine")
        assert Settings.load().port == 8111


@pytest.mark.parametrize("host", ["https://tickets.example.org", "tickets.example.org/shop", "a b"])
def test_a_trusted_host_that_no_request_can_name_is_refused(host):
    (problem,) = problems(trusted_hosts=(host,))
    assert problem.startswith(f"TRUSTED_HOSTS: {host!r} is no name of a host")


def test_names_of_hosts_below_a_name_and_addresses_are_taken():
    assert (
        problems(trusted_hosts=(".example.org", "xn--ls8h.example", "192.0.2.1", "a.example:8080"))
        == []
    )


def test_one_key_for_both_purposes_is_refused():
    (problem,) = problems(secret_key=STRONG["admin_key"][0])
    assert problem.startswith("SECRET_KEY is the same as ADMIN_KEY")


OPEN_METRICS = {"metrics_port": 9101, "metrics_host": "0.0.0.0"}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        (OPEN_METRICS, "METRICS_KEY is missing"),
        ({**OPEN_METRICS, "metrics_key": "short"}, "METRICS_KEY is too short"),
        ({"metrics_port": 9101, "metrics_key": "CHANGE_ME"}, "METRICS_KEY looks like a default"),
        (
            {**OPEN_METRICS, "metrics_key": STRONG["secret_key"]},
            "METRICS_KEY is the same as ADMIN_KEY",
        ),
        ({"metrics_port": 8000}, "METRICS_PORT is the same as PORT"),
        ({**OPEN_METRICS, "metrics_key": secrets.token_urlsafe(32), "demo": True}, "DEMO=1"),
    ],
)
def test_metrics_that_would_be_open_to_others_are_refused(changes, fault):
    (problem,) = problems(**changes)
    assert problem.startswith(fault)


def test_metrics_on_loopback_need_no_key_and_elsewhere_a_strong_one():
    assert problems(metrics_port=9101) == []
    assert problems(**OPEN_METRICS, metrics_key=secrets.token_urlsafe(32)) == []
    assert problems(metrics_host="0.0.0.0") == []  # there is no port


def test_each_setting_is_explained():
    table, example = ((ROOT / file).read_text() for file in ("docs/settings.md", ".env.example"))
    for name in Settings.model_fields.keys() - {"prometheus_multiproc_dir"}:  # gunicorn's own
        known = "LIMIT_…" if name.startswith("limit_") else name.upper()
        assert f"`{known}`" in table
        assert f"\n{name.upper()}=" in example.replace("#", "") or name in RENAMED


def test_a_setting_is_still_read_under_its_former_name_and_says_so(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DESK_ROOM", "7")
    found = Settings.load()
    assert found.booking_queue_size == 7
    (sentence,) = found.deprecations()
    assert sentence.startswith("DESK_ROOM is now BOOKING_QUEUE_SIZE")
    monkeypatch.setenv("BOOKING_QUEUE_SIZE", "9")
    assert Settings.load().booking_queue_size == 9
    monkeypatch.delenv("DESK_ROOM")
    assert Settings.load().deprecations() == []


def test_a_former_name_is_held_to_the_same_bounds(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DESK_ROOM", "0")
    with pytest.raises(WeakSettings, match="BOOKING_QUEUE_SIZE is not valid"):
        Settings.load()


TAX = {"tax_name": "GST", "tax_rate": "18", "tax_number": "36AABCU9603R1ZO"}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, []),
        ({"tax_name": ""}, ["TAX_RATE needs TAX_NAME besides"]),
        ({"tax_rate": "0"}, ["TAX_NAME needs TAX_RATE besides"]),
        ({"tax_number": ""}, ["TAX_NAME needs TAX_NUMBER besides"]),
        ({"tax_number": "36AABCU9603R1ZP"}, ["TAX_NUMBER is no GSTIN, or has a wrong check digit"]),
        ({"tax_number": "53004085616", "default_currency": "AUD"}, []),
        ({"tax_name": "VAT", "tax_number": "GB123456789"}, []),
    ],
)
def test_a_tax_has_a_name_a_rate_and_a_number(changes, told):
    found = Settings(**{**STRONG, **TAX, **changes}).problems()
    assert len(found) == len(told)
    assert all(problem.startswith(words) for problem, words in zip(found, told, strict=True))


@pytest.mark.parametrize(
    "wrong",
    [
        {"tax_rate": "-1"},
        {"tax_rate": "100"},
        {"tax_rate": "18.255"},
        {"receipt_prefix": "HYDE"},
        {"receipt_prefix": "h/"},
        {"financial_year_start": "13"},
    ],
)
def test_what_no_receipt_could_say_is_refused(wrong):
    with pytest.raises(ValidationError):
        Settings(**STRONG, **wrong)
