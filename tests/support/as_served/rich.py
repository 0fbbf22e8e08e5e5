"""First on the path of the sites that tests start. The tests' own tools install Rich, and structlog
would load it, with what it needs, into every process: a fifteenth of the time that one takes to
start. Where people book there is no Rich."""

raise ImportError("Rich belongs to the tests' tools")
