"""Schemathesis asks every call of the OpenAPI document, as one caller, and tells what differs."""

import schemathesis
from schemathesis.engine import Status, from_schema
from schemathesis.engine.events import NonFatalError, ScenarioFinished

from tests.fuzz.search import TIMES, WHOLE

EXAMPLES = {"coverage": 1, "fuzzing": 4, "stateful": 10}
"""Requests of each call made at random, and rows of calls that use each other's answers; the
limits of every field ("coverage") are counted by the document."""
RULES = {
    # Rules between fields, or between a field and the state of things: no schema can say them.
    "is not a cursor of this listing",
    "differs from the Idempotency-Key header",
    "is required",
    "is for callers who may act for any user",
    "can't be given together with a name and an email",
    "can only become fewer",
    "can't become fewer before they are paid",
    "must be given with another currency",
    "must not be before the first day",
    "must be from the year 2000 on",
    "must be within three years",
    "can be at most",
    "can't be draft again",
    "is another key's already",
    "is another hold's already",
    "would be one of more than",
    "must say who the seats are for",
    "can't limit an owner",
    "must name the events whose door it opens",
    "admitted nobody",
    "was another scan's",
    "was another walk-in's",
    "must be in the future",
    "must be events that there are",
    "can't be given together with items",
    "must name each ticket type once",
    "is for staff to say",
    "can't be given together with refund",
    "must have hours in all steps but the last",
    "must give back less in each step",
    "must have fewer hours in each step",
    "must be at least",
    "is another ticket type's",
    "is that of the event's ticket types",
    "can't change while there are ticket types",
    "can't be below the",
    "can't be more than the price that it is included in",
    "makes a seat cost too much",
    "doesn't go together with the event's fee",
    "is the default type, which stays",
    "has bookings: withdraw it instead",
    "must be the 12 digits of the UPI reference",
    "must be the bank's reference",
    "has vouchers: withdraw it instead",
    "is another voucher's",
    "must be 4 to 30 letters from A to Z, and digits",
    "must be from 1 to",
    "is no ticket type of this event",
    "is no hold of this event",
    # Whether bytes are a picture, no schema can say.
    "must be a JPEG, PNG or WebP picture",
    "must be after the start",
    "must be before the event starts",
    "must be after sales open",
    "was used before, for another request",
    # Lists of names that are as long as this document.
    "is not a time zone, as in Asia/Kolkata",
    "is not a currency code, as in INR",
    # What a person sees: blanks around a text are dropped before it is measured.
    "must not hold control characters",
    "must hold something that can be seen",
    "must be one line",
    "must not hold a NUL character",
    "must have at least 1 characters",
    "must have at least 3 characters",
    # To JSON Schema 1.0 is an integer; by design it is no number of seats.
    "input should be a valid integer",
    # To JSON Schema these are a date and an email: a leap second, the year 0, a host of one name.
    "must lie in the years 1970 to 9998",
    "must be a date and time as RFC 3339 text",
    "input should be a valid datetime",
    "value is not a valid email address",
}
"""Why a request that fits the document may be refused all the same, by the message's beginning."""


@schemathesis.check
def refused_by_a_rule(_context, response, case):
    """What the document allows is refused for a rule alone that the document can't say."""
    if response.status_code != 422 or not case.meta.generation.mode.is_positive:
        return
    for error in response.json()["errors"]:
        if not error["message"].startswith(tuple(RULES)):
            raise AssertionError(f"The document allows it: {error['field']} {error['message']}")


OF_GUNICORN = {414, 501}
"""Its own answers to a request line beyond 4,094 bytes, and to a transfer coding that it does not
know: the application never sees them, and never answers so."""


def differences(url, credentials, phase):
    """The calls that were asked, all calls, and what the site does otherwise than it says, a text
    each. `credentials` are by the document's security schemes, `phase` Schemathesis' own.
    """
    schema = schemathesis.openapi.from_url(
        f"{url}/api/openapi.json", config=_config(credentials, phase)
    )
    every = {result.ok().label for result in schema.get_all_operations()}
    asked, found = set(), {}
    for event in from_schema(schema).execute():
        if isinstance(event, NonFatalError):
            found[event.label, str(event.value)] = f"{event.label}: {event.value!r}"
        elif isinstance(event, ScenarioFinished):
            asked |= {case.value.operation.label for case in event.recorder.cases.values()}
            for failure, told in _failures(event):
                found.setdefault((failure.operation, failure.title, failure.message[:200]), told)
    return asked, every, list(found.values())


def _failures(event):
    for case_id, checks in event.recorder.checks.items():
        for check in checks:
            if check.status is Status.FAILURE:
                info = check.failure_info
                answer = event.recorder.interactions[case_id].response
                if answer is not None and answer.status_code in OF_GUNICORN:
                    continue
                said = f"{answer.status_code} {answer.text[:500]}" if answer is not None else ""
                where = f"{event.phase.value}, {check.name}"
                yield info.failure, f"{where}: {info.failure}\n{info.code_sample}\n{said}"


def _config(credentials, phase):
    return schemathesis.Config.from_dict(
        {
            **({} if WHOLE else {"seed": 1}),
            "generation": {
                "max-examples": EXAMPLES[phase] * (TIMES if WHOLE else 1),
                "deterministic": not WHOLE,
                "no-shrink": not WHOLE,
            },
            "auth": {"openapi": credentials} if credentials else {},
            "phases": {
                "examples": {"enabled": phase == "coverage"},
                "coverage": {"enabled": phase == "coverage"},
                # The document is tried, not what a refusal lets guess: a password is required
                # of anybody but an organiser, which is no matter of the schema.
                "fuzzing": {"enabled": phase == "fuzzing", "error-feedback": {"enabled": False}},
                "stateful": {"enabled": phase == "stateful"},
            },
            # `refused_by_a_rule` looks at each 422.
            "checks": {
                "enabled": True,
                "positive_data_acceptance": {
                    "expected-statuses": ["2xx", "401", "403", "404", "409", "422"]
                },
            },
            "suppress-health-check": ["all"],
            # What an earlier run learned would make this one another.
            "cache": {"enabled": False},
            "workers": 1,
        }
    )
