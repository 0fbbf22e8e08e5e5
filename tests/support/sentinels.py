"""A Redis that fails over: a server, its replica, and three Sentinels that watch them."""

import signal
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import redis

from app.demo.servers import RedisServer, _valkey, free_port
from tests.support.servers import wait_until

SERVICE = "tickets"
DOWN_AFTER_MS = 500
CONFIGURATION = """
port {port}
bind 127.0.0.1
dir {folder}
sentinel monitor {service} 127.0.0.1 {master} 2
sentinel down-after-milliseconds {service} {down_after}
sentinel failover-timeout {service} 1500
sentinel known-replica {service} 127.0.0.1 {replica}
sentinel myid {own}
{others}
"""
"""With each other's addresses: they would find each other, in seconds."""


@dataclass
class Watched(RedisServer):
    """A server that a replica follows at once, and that waits for none when it ends."""

    of: int = 0

    def _options(self):
        told = [*super()._options(), "--repl-diskless-sync-delay", "0", "--shutdown-timeout", "0"]
        return [*told, "--replicaof", f"127.0.0.1 {self.of}"] if self.of else told


@dataclass
class Sentinels:
    """They elect another server half a second after nobody answers them any more."""

    folder: Path
    servers: list[Watched] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)

    def __enter__(self):
        with ExitStack() as stack:
            first = Watched(self.folder / "first")
            first.start()
            stack.callback(first.stop)
            second = Watched(self.folder / "second", of=first.port)
            second.start()
            stack.callback(second.stop)
            self.servers = [first, second]
            self.ports = [free_port() for _ in range(3)]
            for number in range(3):
                stack.callback(self._watch(number, first.port, second.port))
            wait_until(lambda: all(map(self._is_ready, self.ports)))
            self._ended = stack.pop_all()
        return self

    def __exit__(self, *_error):
        for server in self.servers:
            psutil.Process(server.pid).resume()
        self._ended.close()

    @property
    def url(self):
        return f"redis+sentinel://{','.join(f'127.0.0.1:{port}' for port in self.ports)}/{SERVICE}"

    @property
    def master(self):
        """The port of the server that they name."""
        return int(self._ask(self.ports[0]).sentinel_master(SERVICE)["port"])

    def end_master(self, how=signal.SIGKILL):
        """Kill it, or freeze it (SIGSTOP), and wait until another is named."""
        was = self.master
        psutil.Process(next(one for one in self.servers if one.port == was).pid).send_signal(how)
        wait_until(lambda: self.master != was)

    def _watch(self, number, master, replica):
        folder = self.folder / f"sentinel{number}"
        folder.mkdir(parents=True)
        others = (
            f"sentinel known-sentinel {SERVICE} 127.0.0.1 {port} {other:040x}"
            for other, port in enumerate(self.ports)
            if other != number
        )
        told = CONFIGURATION.format(
            port=self.ports[number],
            folder=folder,
            service=SERVICE,
            master=master,
            replica=replica,
            down_after=DOWN_AFTER_MS,
            own=f"{number:040x}",
            others="\n".join(others),
        )
        (folder / "sentinel.conf").write_text(told)
        with (folder / "log").open("wb") as log:
            words = [_valkey(), str(folder / "sentinel.conf"), "--sentinel"]
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

        def end():
            process.kill()
            process.wait()

        return end

    def _ask(self, port):
        return redis.Redis(port=port, socket_timeout=1)

    def _is_ready(self, port):
        """Whether a Sentinel knows the others, and that there is a replica to elect."""
        try:
            asked = self._ask(port)
            replicas = asked.sentinel_slaves(SERVICE)
            linked = replicas and replicas[0]["master-link-status"] == "ok"
            return linked and len(asked.sentinel_sentinels(SERVICE)) == 2
        except redis.RedisError:
            return False
