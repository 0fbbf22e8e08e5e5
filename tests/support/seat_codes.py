"""What a scanner reads in a ticket's code."""

from app.models.references import read_code


def seat_in(text):
    """The reference and number that a signed code names, as they are typed."""
    code = read_code(text)
    assert code.signature, text
    return f"{code.reference}-{code.seat}"
