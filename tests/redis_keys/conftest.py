"""Sites that share a Redis, or find rubbish in it."""

from tests.backup.conftest import make_place, open_place  # noqa: F401 - fixtures
from tests.limits.conftest import crowd, limited  # noqa: F401
