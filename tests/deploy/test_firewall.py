"""The limit of connections by address that the firewall keeps where the proxy keeps none."""

import re
import resource
import socket
import subprocess
from contextlib import ExitStack

import pytest

from tests.deploy import networks, proxies
from tests.deploy.networks import NFT, RULES
from tests.support.servers import wait_until

LIMIT = 3000
HALL, NEIGHBOUR, BALANCER, SITE = "203.0.113.1", "203.0.113.2", "10.0.0.1", "203.0.113.100"
HALL_6, SAME_64, NEIGHBOUR_6, SITE_6 = (
    "2001:db8::1",
    "2001:db8::2",
    "2001:db8:0:1::1",
    "2001:db8::f",
)
CONTAINER, ELSEWHERE = "172.18.0.2", "198.51.100.2"


@pytest.fixture
def own_network():
    if not networks.may_try():
        pytest.skip(networks.NOT_RUN)


def test_the_firewall_and_nginx_allow_an_address_the_same():
    of_nginx = re.findall(
        r"limit_conn by_address (\d+);", (proxies.DEPLOY / "nginx.conf").read_text()
    )
    assert re.findall(r"ct count over (\d+)", RULES.read_text()) == of_nginx * 2 == [str(LIMIT)] * 2


def test_nft_takes_the_rules_and_would_notice_a_slip(own_network, tmp_path):
    def check(file):
        words = ["unshare", "--net", NFT, "--check", "--file", file]
        return subprocess.run(words, capture_output=True, text=True)

    assert check(RULES).stderr == ""
    slip = tmp_path / "slip.nft"
    slip.write_text(RULES.read_text().replace("jump count", "jump cuont"))
    assert check(slip).returncode == 1


def test_the_unit_loads_the_rules_and_removes_them(own_network):
    unit = (RULES.parent / "utsavam-connections.service").read_text()
    start, reload, stop = (
        command.replace("/etc/utsavam", str(RULES.parent)).split()
        for command in re.findall(r"^Exec\w+=/usr/sbin/nft (.+)$", unit, re.MULTILINE)
    )
    with networks.networks(1) as [machine]:
        machine.run(NFT, *start)
        loaded = machine.run(NFT, "list", "ruleset")
        machine.run(NFT, *reload)
        assert machine.run(NFT, "list", "ruleset") == loaded != ""
        machine.run(NFT, *stop)
        assert machine.run(NFT, "list", "ruleset") == ""


class Lines:
    """Connections from one network to the site in another."""

    def __init__(self, network, stack, site=SITE):
        self._network, self._stack, self._site = network, stack, site

    def open(self, sent_from, port=443, many=1):
        """The new connections; OSError when one is refused."""
        site = SITE_6 if ":" in sent_from else self._site
        with self._network.inside():
            return [
                self._stack.enter_context(
                    socket.create_connection((site, port), 5, source_address=(sent_from, 0))
                )
                for _ in range(many)
            ]

    def send_datagrams(self, sent_from, many):
        """Each from a port of its own, which the kernel takes for a connection each."""
        with self._network.inside():
            for _ in range(many):
                line = self._stack.enter_context(socket.socket(type=socket.SOCK_DGRAM))
                line.bind((sent_from, 0))
                line.sendto(b"hello", (SITE, 443))

    def refused(self, sent_from, port=443):
        try:
            self.open(sent_from, port)
        except ConnectionRefusedError:
            return True
        return False


@pytest.fixture
def many_files(own_network):
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] != resource.RLIM_INFINITY and before[1] < LIMIT + 1000:
        pytest.skip(f"NOT RUN: {LIMIT} connections; this process may open {before[1]} files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], LIMIT + 1000), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.fixture
def stack(many_files):
    with ExitStack() as stack:
        yield stack


@pytest.fixture(params=["on the machine", "in a container"])
def site(request, stack):
    """The machine that the rules are for; `site.listeners` by port. With Docker its ports are sent
    on to a container's own address."""
    visitors, machine, container = stack.enter_context(networks.networks(3))
    six = [f"{address}/63" for address in (HALL_6, SAME_64, NEIGHBOUR_6)]
    visitors.join(
        machine,
        [f"{HALL}/24", f"{NEIGHBOUR}/24", f"{BALANCER}/8", *six],
        [f"{SITE}/24", "10.0.0.100/8", f"{SITE_6}/63"],
    )
    machine.visitors, home, addresses = visitors, machine, (SITE, SITE_6)
    if request.param == "in a container":
        home, addresses = container, (CONTAINER, "fd00::2")
        publish(machine, container)
    with home.inside():
        machine.listeners = {
            (address, port): stack.enter_context(listener(address, port))
            for address in addresses
            for port in (80, 443, 8080)
        }
    machine.run(NFT, "--file", RULES)
    return machine


def listener(address, port):
    """It takes connections up to its backlog without being asked."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.create_server((address, port), family=family, backlog=4096)


def publish(machine, container):
    machine.join(container, ["172.18.0.1/16", "fd00::1/64"], [f"{CONTAINER}/16", "fd00::2/64"])
    container.run("ip", "route", "add", "default", "via", "172.18.0.1")
    container.run("ip", "-6", "route", "add", "default", "via", "fd00::1")
    for switch in ("ipv4.ip_forward", "ipv6.conf.all.forwarding"):
        machine.run("sysctl", "-q", f"net.{switch}=1")
    dnat = (
        "table inet docker { chain ports { type nat hook prerouting priority dstnat;"
        f" fib daddr type local dnat ip to {CONTAINER};"
        " fib daddr type local dnat ip6 to fd00::2; }; }"
    )
    machine.run(NFT, dnat)


@pytest.fixture
def lines(site, stack):
    return Lines(site.visitors, stack)


def test_an_address_gets_so_many_connections_and_another_one_gets_in(site, lines):
    lines.open(HALL, 443, LIMIT - 1)
    lines.open(HALL, 80)
    assert lines.refused(HALL, 443), "both ports together"
    assert lines.refused(HALL, 80)
    lines.open(NEIGHBOUR, 443)
    lines.open(HALL, 8080)
    assert packets_refused(site) == 2


def packets_refused(site):
    listed = site.run(NFT, "list", "chain", "inet", "utsavam", "refuse")
    return int(re.search(r"counter packets (\d+)", listed)[1])


def test_http_3_is_limited_too_and_takes_no_room_from_the_rest(site, lines):
    lines.send_datagrams(HALL, LIMIT)
    assert packets_refused(site) == 0
    lines.send_datagrams(HALL, 1)
    assert packets_refused(site) == 1
    lines.open(HALL)


def test_of_ipv6_a_64_counts_as_one(lines):
    lines.open(HALL_6, 443, LIMIT // 2)
    lines.open(SAME_64, 443, LIMIT // 2)
    assert lines.refused(SAME_64)
    assert lines.refused(HALL_6)
    lines.open(NEIGHBOUR_6)


def test_a_connection_that_ended_makes_room(site, lines):
    ours = lines.open(HALL, 443, LIMIT)
    assert lines.refused(HALL)
    theirs, _ = next(
        door for (address, port), door in site.listeners.items() if port == 443
    ).accept()
    ours[0].close()
    theirs.close()
    wait_until(lambda: not lines.refused(HALL))
    assert lines.refused(HALL), "room for one"


def test_a_balancer_in_a_private_network_is_not_taken_for_one_visitor(lines):
    lines.open(BALANCER, 443, LIMIT + 10)


def test_what_the_machine_passes_on_to_others_is_not_counted(site, lines, stack):
    """As its containers' own calls, from an address that is not private."""
    site.visitors.run("ip", "route", "add", f"{ELSEWHERE}/32", "via", SITE)
    with networks.networks(1) as [other]:
        site.join(other, ["198.51.100.1/24"], [f"{ELSEWHERE}/24"])
        other.run("ip", "route", "add", "default", "via", "198.51.100.1")
        site.run("sysctl", "-q", "net.ipv4.ip_forward=1")
        with site.visitors.inside():
            stack.enter_context(listener(HALL, 443))
        Lines(other, stack, HALL).open(ELSEWHERE, 443, LIMIT + 10)
