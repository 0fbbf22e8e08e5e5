"""The Atom feed against the grammar of RFC 4287, and the rules that no grammar holds."""

from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from app.models.columns import now

GRAMMAR = Path(__file__).parents[1] / "support" / "atom.rng"
ATOM = {"a": "http://www.w3.org/2005/Atom"}
DAY = timedelta(days=1)


@pytest.fixture
def feed(visitor):
    def read():
        answer = visitor.get("/events.atom")
        document = etree.fromstring(answer.data)
        grammar = etree.RelaxNG(etree.parse(GRAMMAR))
        assert grammar.validate(document), grammar.error_log
        return document

    return read


def test_a_feed_without_events_is_atom(feed, clean):
    assert feed().xpath("count(a:entry)", namespaces=ATOM) == 0


def test_a_feed_of_every_state_and_script_is_atom(feed, make_event):
    for facts in (
        {"name": "Cats & <Dogs> ]]>", "category": 'Music "live" & <loud>'},
        {"name": "ఉత్సవం", "description": "**గానం**\n\n- [a](/b)\n\n<script>x</script>"},
        {"name": "مهرجان", "time_zone": "Asia/Dubai", "price_minor": 15000, "currency": "AED"},
        {"sales_open_at": now() + DAY},
        {"seats_available": 0},
        {"status": "cancelled"},
        {"sales_paused": True},
        {"start_at": now() - DAY, "end_at": now() + DAY},
    ):
        make_event(**facts)
    document = feed()
    ids = document.xpath("//a:id/text()", namespaces=ATOM)
    assert len(ids) == len(set(ids)) == 9
    # 4.1.1 and 4.1.2: one link of a kind to the same; 4.2.7.2: a feed names its own address.
    assert len(document.xpath("a:link[@rel='alternate']", namespaces=ATOM)) == 1
    assert document.xpath("a:link[@rel='self']/@href", namespaces=ATOM)[0].endswith("/events.atom")
    for entry in document.xpath("a:entry", namespaces=ATOM):
        assert len(entry.xpath("a:link[@rel='alternate']", namespaces=ATOM)) == 1
    # 4.2.15: a feed changed when its latest entry did.
    updated = document.xpath("a:entry/a:updated/text()", namespaces=ATOM)
    assert document.findtext("a:updated", namespaces=ATOM) == max(updated)


def test_the_grammar_refuses_what_the_rfc_does(feed, make_event):
    make_event()
    grammar = etree.RelaxNG(etree.parse(GRAMMAR))
    for path in ("a:author", "a:id", "a:title", "a:updated", "a:entry/a:id", "a:entry/a:link"):
        document = feed()
        for found in document.xpath(path, namespaces=ATOM):
            found.getparent().remove(found)
        assert not grammar.validate(document), path
