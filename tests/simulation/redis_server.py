"""A Redis in virtual time, for the booking's own Lua scripts: slow, frozen, away, forgetful.

The scripts are the shipped ones, run by Lua 5.1 as Redis runs them.
"""

import redis
from lupa import lua51

TIMEOUT = 0.1


class RedisServer:
    """Keys and their values; a clock of its own, and a list of what befalls it."""

    def __init__(self, world):
        self.world = world
        self.values = {}
        self.offset = world.random.uniform(0, 1e6)
        self.frozen_until = 0.0
        self.away_until = 0.0
        self.loses = 0.0
        """The share of requests or answers that get lost."""
        self._lua = lua51.LuaRuntime(encoding=None)
        self._lua.execute(b"redis = {}")
        self._lua.globals().redis.call = self._command
        self._lua.globals().redis.pcall = self._command
        self._compiled = {}

    def microseconds(self):
        return int((self.world.now + self.offset) * 1e6)

    def run(self, text, keys, args):
        if text not in self._compiled:
            chunk = f"return function(KEYS, ARGV) {text} end"
            self._compiled[text] = self._lua.execute(chunk.encode())
        table = self._lua.table_from
        found = self._compiled[text](table(_bytes(keys)), table(_bytes(args)))
        return (
            [int(found[i]) for i in range(1, len(found) + 1)] if hasattr(found, "keys") else found
        )

    def mget(self, keys):
        return [self.values.get(key) for key in _bytes(keys)]

    def _command(self, name, *args):
        name, args = name.decode(), _bytes(args)
        if name == "TIME":
            whole, part = divmod(self.microseconds(), 1_000_000)
            return self._lua.table_from([b"%d" % whole, b"%d" % part])
        if name == "GET":
            return self.values.get(args[0], False)
        if name == "SET":
            self.values[args[0]] = args[1]
            return b"OK"
        if name == "DECRBY":
            self.values[args[0]] = b"%d" % (int(self.values[args[0]]) - int(args[1]))
            return int(self.values[args[0]])
        raise AssertionError(f"the scripts use another command: {name}")


class RedisClient:
    """What the gate uses of a client; it never sends a command twice."""

    def __init__(self, server):
        self.server, self.world = server, server.world

    def register_script(self, text):
        def script(keys, args):
            sent = self.world.now

            def command():
                answer = self.server.run(text, keys, args)
                if "DECRBY" in text and args[0] > 0 and self.world.now > sent + TIMEOUT + 1e-5:
                    assert 1 not in answer[1:], "tokens were taken for a caller who had given up"
                return answer

            return self._ask(command)

        script.sha = text
        return script

    def mget(self, keys):
        return self._ask(lambda: self.server.mget(keys))

    def pipeline(self, transaction):
        return Pipeline(self)

    def _ask(self, command):
        """Send, wait, and hear the answer; or give up after the time limit, as a socket does."""
        world, server, random = self.world, self.server, self.world.random
        if server.away_until > world.now:
            world.sleep(0.0005)
            raise redis.ConnectionError("refused")
        answers, sent = [], world.now
        arrives = max(sent + random.uniform(0.0001, 0.002), server.frozen_until)
        if random.random() < 0.02:
            arrives += random.uniform(0, 0.3)
        heard = arrives + random.uniform(0.0001, 0.002)
        fate = random.random()
        if fate >= server.loses / 2:
            world.call(arrives, lambda: answers.append(command()))
        if fate < server.loses:
            heard = sent + 1e9
        world.sleep(min(heard, sent + TIMEOUT) - sent)
        if not answers or heard > world.now:
            raise redis.TimeoutError("timed out")
        return answers[0]


class Pipeline:
    def __init__(self, client):
        self._client, self._commands = client, []

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        return None

    def evalsha(self, text, count, *rest):
        server = self._client.server
        self._commands.append(lambda: server.run(text, rest[:count], rest[count:]))

    def execute(self):
        return self._client._ask(lambda: [command() for command in self._commands])


def _bytes(values):
    return [v if isinstance(v, bytes) else str(v).encode() for v in values]
