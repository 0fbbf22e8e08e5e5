"""What programs and pages are told of an error, as RFC 9457 has it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

PROBLEMS = "/docs/problems#"


@dataclass(frozen=True)
class Problem:
    """Problem details (RFC 9457): `slug` names the type, `extra` holds further members."""

    status: int
    slug: str
    title: str
    detail: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    retry_after: int | None = None

    @cached_property
    def json(self) -> str:
        """The problem details object as JSON."""
        return json.dumps(
            {
                "type": PROBLEMS + self.slug if self.slug else "about:blank",
                "title": self.title,
                "status": self.status,
                "detail": self.detail,
                **self.extra,
            }
        )
