"""Networks of their own, as Linux's namespaces: the firewall's rules are tried there, and nothing
of this machine is touched."""

import ctypes
import os
import shutil
import subprocess
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

RULES = Path(__file__).parents[2] / "deploy/nftables/connections.nft"
NFT = shutil.which("nft", path="/usr/sbin:/sbin:/usr/local/sbin:/usr/bin")
NOT_RUN = (
    "NOT RUN: the firewall's limit of connections in a network of its own; "
    "it takes root on Linux, nft (`apt install nftables`), iproute2 and a kernel that allows both"
)
_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


@cache
def may_try():
    """Whether this kernel lets us make networks, join them with each other, and filter in them."""
    if not (NFT and shutil.which("ip") and shutil.which("unshare") and os.geteuid() == 0):
        return False
    probe = f"ip link add probe type veth peer name eborp && {NFT} add table inet probe"
    tried = subprocess.run(["unshare", "--net", "sh", "-c", probe], capture_output=True)
    return tried.returncode == 0


class Network:
    """One machine's network, alive as long as its sleeping process."""

    def __init__(self, stack):
        words = ["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec sleep inf"]
        self._sleeper = stack.enter_context(subprocess.Popen(words, stdout=subprocess.PIPE))
        stack.callback(self._sleeper.kill)
        assert self._sleeper.stdout.readline() == b"up\n"
        self.id = str(self._sleeper.pid)

    def run(self, *words):
        words = ["nsenter", "--net", "--target", self.id, *map(str, words)]
        ran = subprocess.run(words, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def join(self, other, ours, theirs):
        """A cable between two, with the addresses of either end."""
        here, there = f"to{other.id}", f"to{self.id}"
        self.run(
            "ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", other.id
        )
        for network, device, addresses in ((self, here, ours), (other, there, theirs)):
            for address in addresses:
                more = ["nodad"] if ":" in address else []
                network.run("ip", "address", "add", address, "dev", device, *more)
            network.run("ip", "link", "set", device, "up")

    @contextmanager
    def inside(self):
        """Sockets that are made here stay in this network."""
        with Path("/proc/self/ns/net").open() as home:
            with Path(f"/proc/{self.id}/ns/net").open() as away:
                _enter(away)
            try:
                yield
            finally:
                _enter(home)


def _enter(network):
    if _libc.setns(network.fileno(), _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


@contextmanager
def networks(many):
    with ExitStack() as stack:
        yield [Network(stack) for _ in range(many)]
