"""The dashboard: figures, chart and table say the same, with data and without."""

import csv
import io
import re

import pytest

from app.presenters.charts import bar_chart


@pytest.fixture
def season(make_event, make_booking):
    full = make_event(name="Full House", capacity=10)
    make_booking(full, seats=10)
    make_event(name="Quiet Evening", capacity=100)
    half = make_event(name="Half Full", city="Kochi", capacity=20)
    for _ in range(5):
        make_booking(half, seats=2)


def names(page):
    return re.findall(r'<th scope="row"><a [^>]+>([^<]+)</a>', page)


def test_without_any_data_the_axes_stand_and_it_says_so(organiser, clean):
    page = organiser.get("/admin").text
    assert "No bookings yet in this time." in page
    assert 'class="chart"' in page
    assert "No events here yet." in page


def test_the_figures_are_those_of_the_time_chosen(organiser, season, sql):
    page = organiser.get("/admin?range=7").text
    strong = re.findall(r"<dd><strong>([^<]+)</strong>", page)
    assert strong == ["₹0", "20", "15.4 %", "6", "0"]
    sql("UPDATE bookings SET created_at = created_at - interval '10 days'")
    page = organiser.get("/admin?range=7").text
    assert re.findall(r"<dd><strong>([^<]+)</strong>", page) == ["₹0", "0", "15.4 %", "0", "0"]
    assert "-100 % on the time before" in page


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("", ["Full House", "Quiet Evening", "Half Full"]),
        ("?sort=fill", ["Full House", "Half Full", "Quiet Evening"]),
        ("?sort=name", ["Full House", "Half Full", "Quiet Evening"]),
        ("?sort=sold&q=full", ["Full House", "Half Full"]),
        ("?q=KOCHI", ["Half Full"]),
        ("?sort=rubbish&range=rubbish", ["Full House", "Quiet Evening", "Half Full"]),
    ],
)
def test_the_table_is_sorted_and_searched(organiser, season, address, found):
    assert [n for n in names(organiser.get(f"/admin{address}").text) if not n[0].isdigit()] == found


def test_the_csv_files_have_the_same_figures(organiser, season):
    days = organiser.get("/admin/sales-by-day.csv?range=7").text.removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(days)))
    assert len(rows) == 7
    assert rows[-1]["Booked value (INR)"] == "0.00"
    assert (rows[-1]["Bookings"], rows[-1]["Seats booked"]) == ("6", "20")
    by_event = organiser.get("/admin/sales-by-event.csv?sort=fill").text.removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(by_event)))
    assert [row["Event"] for row in rows] == ["Full House", "Half Full", "Quiet Evening"]


def test_booked_value_is_told_by_currency_side_by_side(organiser, make_event, make_booking):
    for currency in ("INR", "JPY", "KWD"):
        event = make_event(capacity=9, price_minor=50_000, currency=currency)
        make_booking(event, seats=2, price_minor=50_000)
    page = organiser.get("/admin?range=7").text
    shown = re.findall(r"<dd><strong>([^<]+)</strong>", page)
    assert shown[:3] == ["₹1,000", "JP¥1,00,000", "KWD\xa0100"]
    days = organiser.get("/admin/sales-by-day.csv?range=7").text.removeprefix("\ufeff")
    last = list(csv.DictReader(io.StringIO(days)))[-1]
    values = {name: value for name, value in last.items() if "value" in name}
    assert values == {
        "Booked value (INR)": "1000.00",
        "Booked value (JPY)": "100000",
        "Booked value (KWD)": "100.000",
    }
    by_event = organiser.get("/admin/sales-by-event.csv?sort=value").text.removeprefix("\ufeff")
    rows = [(row["Booked value"], row["Currency"]) for row in csv.DictReader(io.StringIO(by_event))]
    assert rows == [("1000.00", "INR"), ("100000", "JPY"), ("100.000", "KWD")]
    assert "takings" not in page.lower()


@pytest.mark.parametrize(
    ("most", "top"),
    [
        (0, 4),
        (3, 4),
        (7, 8),
        (9, 12),
        (11, 12),
        (99, 100),
        (101, 120),
        (2400, 2400),
        (9500, 10_000),
    ],
)
def test_the_axis_ends_above_all_bars_and_its_quarters_are_whole(most, top):
    chart = bar_chart([("a", most), ("b", 0)])
    assert chart.lines[-1].text == f"{top:,g}"
    assert all(float(line.text.replace(",", "")).is_integer() for line in chart.lines)
    assert all(bar.y >= chart.lines[-1].at for bar in chart.bars)
    assert chart.bars[1].height == 0


@pytest.mark.long
def test_days_from_to_last_week_and_last_month_can_be_looked_at(organiser, season, sql):
    sql("UPDATE bookings SET created_at = '2026-02-10 12:00+05:30'")
    page = organiser.get("/admin?from=2026-02-10&to=2026-02-11").text
    assert re.findall(r"<dd><strong>([^<]+)</strong>", page)[:3] == ["₹0", "20", "15.4 %"]
    assert 'name="from" value="2026-02-10"' in page
    assert "sales-by-day.csv?from=2026-02-10&amp;to=2026-02-11" in page
    assert "sort=fill&amp;from=2026-02-10" in page
    page = organiser.get("/admin?from=2026-02-11&to=2026-02-12").text
    assert "-100 % on the time before" in page
    days = organiser.get("/admin/sales-by-day.csv?from=2026-02-10&to=2026-02-11").text
    assert days.count("2026-02-1") == 2
    for name in ("last-week", "last-month"):
        page = organiser.get(f"/admin?range={name}").text
        assert re.search(rf'range={name}[^>]*aria-current="page"', page)


@pytest.mark.parametrize(
    "days", ["from=2026-02-11&to=2026-02-10", "from=rubbish", "from=2001-01-01&to=2026-01-01"]
)
def test_days_that_can_not_be_are_told_and_the_last_thirty_shown(organiser, season, days):
    answer = organiser.get(f"/admin?{days}")
    assert answer.status_code == 200
    assert "Choose a first and a last day" in answer.text
    assert re.search(r'range=30[^>]*aria-current="page"', answer.text)


def test_money_of_each_currency_stands_beside_the_others(organiser, make_event, make_booking, sql):
    for currency, price in (("INR", 50_000), ("JPY", 1_000)):
        event = make_event(capacity=9, price_minor=price, currency=currency)
        booking = make_booking(event, seats=2, price_minor=price)
        sql("UPDATE bookings SET currency = %s WHERE id = %s", currency, booking.id)
    page = organiser.get("/admin?range=7").text
    amounts = re.findall(r"<dd><strong>([^<]+)</strong>", page)
    assert len(amounts) == 6
    assert amounts[0] == "₹1,000"
    assert amounts[1].endswith("2,000")
    days = organiser.get("/admin/sales-by-day.csv?range=7").text.removeprefix("\ufeff")
    last = list(csv.DictReader(io.StringIO(days)))[-1]
    named = {name: amount for name, amount in last.items() if "INR" in name or "JPY" in name}
    assert list(named.values()) == ["1000.00", "2000"]


def test_the_fill_rate_leaves_out_what_can_not_be_sold(organiser, make_event, make_booking):
    half = make_event(name="Half", capacity=40, seats_available=20, seats_held=20)
    make_booking(half, seats=10)
    cancelled = make_event(status="cancelled", capacity=1000)
    make_booking(cancelled, seats=7)
    make_event(status="draft", capacity=1000)
    page = organiser.get("/admin").text
    assert "<strong>50.0 %</strong>" in page
    assert "10 booked of 20 seats" in page
    figures = organiser.get("/admin?q=half").text
    assert re.search(r"50\.0 % <span[^>]*>10 of 20<", figures)
