"""Limits are settings: each may be another or off, and a wrong one is refused by its name."""

import re
from pathlib import Path

import pytest

from app.config import Settings, WeakSettings
from app.lib.rates import Rate, rate_of

ROOT = Path(__file__).parents[2]
LIMITS = [name for name in Settings.model_fields if name.startswith("limit_")]


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("10 per minute", Rate(10, 60)),
        ("30 per 10 minutes", Rate(30, 600)),
        ("5/second", Rate(5, 1)),
        ("1 Per Hour", Rate(1, 3600)),
        ("100 / day", Rate(100, 86_400)),
        ("off", None),
        (" OFF ", None),
    ],
)
def test_a_rate_is_read_as_it_is_said(text, rate):
    assert rate_of(text) == rate


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize(
    "text", ["ten per minute", "0 per minute", "-1 per minute", "10 per fortnight", "10", "no"]
)
def test_a_wrong_limit_is_refused_by_its_name(monkeypatch, tmp_path, name, text):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name.upper(), text)
    with pytest.raises(WeakSettings) as refused:
        Settings.load()
    assert refused.value.message == (
        f'utsavam: {name.upper()} is not valid: must be like "10 per minute" or '
        '"30 per 10 minutes", or "off".'
    )


@pytest.mark.parametrize("name", LIMITS)
def test_every_limit_can_be_switched_off(make_app, name):
    limiter = make_app(**{name: "off"}).extensions["rate_limiter"]
    for _ in range(2000):
        limiter.spend(name.removeprefix("limit_"), "somebody")
        limiter.look(name.removeprefix("limit_"), "somebody")


@pytest.mark.parametrize("name", LIMITS)
def test_every_limit_and_its_default_are_told_where_settings_are(name):
    default = Settings.model_fields[name].default
    assert f"#{name.upper()}={default}\n" in (ROOT / ".env.example").read_text()
    row = rf"\| `{name.upper()}` \| {re.escape(default)} \|"
    assert re.search(row, (ROOT / "docs/limits.md").read_text())
