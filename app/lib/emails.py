"""One spelling for every email address, wherever it is kept, counted or looked up."""

import unicodedata
from contextlib import suppress

import idna

LONGEST_DOMAIN = 253


def one_spelling(email: str) -> str:
    """The address in NFC and lower case, with the domain's own letters: `xn--bcher-kva.example`
    is `bücher.example`.

    What is no address comes back too, to be looked up in vain.
    """
    local, at, domain = unicodedata.normalize("NFC", email.strip()).rpartition("@")
    return f"{unicodedata.normalize('NFC', local.lower())}{at}{_own_letters(domain)}"


def spellings(email: str) -> list[str]:
    """The address as it is typed, in lower case, then its one spelling, then the others that an
    account from before there was one may have."""
    spelt = one_spelling(email)
    found = [email.strip().lower(), spelt]
    if not spelt.isascii():
        with suppress(ValueError):
            found.append(ascii_domain(spelt))
        found += [unicodedata.normalize("NFD", one) for one in found[1:]]
    return list(dict.fromkeys(found))


def _own_letters(domain: str) -> str:
    domain = domain.lower().rstrip(".\u3002\uff0e\uff61")
    if (domain.isascii() and "xn--" not in domain) or len(domain) > LONGEST_DOMAIN:
        return domain
    try:
        # UTS 46 without its transitional mapping, as browsers do: straße.de is not strasse.de.
        return idna.decode(idna.encode(domain, uts46=True))
    except UnicodeError:
        return unicodedata.normalize("NFC", domain)


def ascii_domain(email: str) -> str:
    """The address with its domain as the mail system knows it: `xn--bcher-kva.example`.

    Raises `ValueError` for a domain that can't be written so.
    """
    local, at, domain = email.rpartition("@")
    return local + at + (domain if domain.isascii() else idna.encode(domain, uts46=True).decode())
