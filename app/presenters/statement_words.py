"""A bank's statement in words: what is wrong with the file, and what its lines are."""

from flask_babel import gettext as _

from app.lib.bank_statements import MAX_LINES, BadStatement


def refusal(error: BadStatement) -> str:
    """Why a file is no statement, with line and column."""
    where = {"line": error.line, "column": error.column}
    sentences = {
        "not_text": _("This file is no CSV in UTF-8."),
        "too_large": _(
            "This file is too large: send at most %(lines)d lines, or 80 KB.", lines=MAX_LINES
        ),
        "no_header": _("This file is empty."),
        "missing_column": _(
            "Line %(line)d has to name the columns date, amount, and text or reference;"
            " “%(column)s” is missing.",
            **where,
        ),
        "no_date": _(
            "Line %(line)d, column “%(column)s”: write a day as in 2026-11-28 or 28/11/2026.",
            **where,
        ),
        "no_amount": _(
            "Line %(line)d, column “%(column)s”: write an amount as in 1250 or 1250.50.", **where
        ),
        "malformed": _("Line %(line)d: a quotation mark is not closed.", **where),
    }
    return str(sentences[error.problem])


def match_label(match: str) -> str:
    """What a line is to the event's orders, as the page lists it."""
    labels = {
        "fits": _("Pays this booking"),
        "other_amount": _("Another amount than this booking costs"),
        "again": _("Pays this booking once more: look at it by hand"),
        "not_waiting": _("Names a booking that is paid or cancelled"),
        "recorded": _("Marked already"),
        "unknown": _("Matches nothing here"),
        "outgoing": _("Nothing came in"),
    }
    return str(labels[match])
