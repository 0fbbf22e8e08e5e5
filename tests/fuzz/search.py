"""How long the properties are searched: `make test` does the same each time, `make fuzz` looks
wider, and anew."""

import os

from hypothesis import HealthCheck, Phase, settings

WHOLE = os.environ.get("UTSAVAM_WHOLE") == "1"
"""As `make fuzz` sets it."""

TIMES = 40
"""How much more the whole is than what each run looks at, which is the same each time."""

_CALM = settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
    print_blob=False,
    # What failed fails again the same way; cutting it down may take minutes.
    phases=[Phase.explicit, Phase.generate],
)


def examples(few: int) -> settings:
    """That many examples, or `TIMES` as many when the whole is searched."""
    if WHOLE:
        return settings(
            _CALM, max_examples=TIMES * few, derandomize=False, print_blob=True, phases=list(Phase)
        )
    return settings(_CALM, max_examples=few)


quick = examples(150)
"""For what is computed in the test itself."""
served = examples(30)
"""For what the application answers."""
drawn = examples(12)
"""For what takes long: pictures, passwords."""
