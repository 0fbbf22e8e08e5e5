"""PDF files by Typst: a template of `templates/papers`, and what it is to say.

Typst is Rust and lets go of Python's lock, so that requests run while it works. It is imported when
it is first needed: a process that makes no PDF pays nothing for it.
"""

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.lib.fair_queue import FairQueue

if TYPE_CHECKING:
    from typst import Compiler

PAPERS = Path(__file__).parents[2] / "templates/papers"
STANDARD: Final = "ua-1"
"""PDF/UA-1 (ISO 14289): tagged, with title, language and texts for what is drawn."""
LARGE = 200_000
"""Bytes of facts from which on a PDF is large: the codes of some hundred seats."""
REMEMBERED = 11
"""Typst keeps what it computed for the ten PDFs before: 40 MB for each of a thousand seats."""

_queue = FairQueue(each=4, timeout=6)
"""One PDF at a time in each process, at low priority, in turn between addresses."""


class PaperFailed(Exception):
    """Typst has no PDF to give: the template has a fault."""


class Paper:
    """A template; `facts` reach it as JSON, so that nothing in them is markup."""

    def __init__(self, name: str) -> None:
        self._file = PAPERS / f"{name}.typ"

    def pdf(self, facts: Mapping[str, Any]) -> bytes:
        """Return the PDF, made in its turn in a thread (2 ms; 0.4 s with a thousand codes).

        Raises `QueueFull` and `WaitedTooLong` of `app.lib.fair_queue`.
        """
        return _queue.run(self._made, json.dumps(facts))

    @cached_property
    def _compiler(self) -> "Compiler":
        import typst

        # The fonts of the machine come last, for letters that ours lack; Typst's own are not used.
        fonts = typst.Fonts(include_embedded_fonts=False, font_paths=[PAPERS / "fonts"])
        return typst.Compiler(self._file, root=PAPERS, font_paths=fonts)

    def _made(self, facts: str) -> bytes:
        try:
            return self._compiled(facts)
        except BaseException as fault:
            # A panic in Rust is no `Exception`, and would end the queue's thread.
            raise PaperFailed(str(fault)) from fault

    def _compiled(self, facts: str) -> bytes:
        from typst import TypstError

        inputs = {"facts": facts}
        try:
            made = self._compiler.compile(sys_inputs=inputs, pdf_standards=[STANDARD])
        except TypstError:
            # A letter that no font has: the standard forbids the box that is drawn instead.
            made = self._compiler.compile(sys_inputs=inputs)
        if len(facts) > LARGE:
            self._forget()
        if not isinstance(made, bytes):
            raise TypeError(type(made))
        return made

    def _forget(self) -> None:
        """Have Typst give back the memory of a large PDF at once: empty ones push it out."""
        for _ in range(REMEMBERED):
            self._compiler.compile(b"", sys_inputs={})
        del self._compiler
