"""The site with a line that admits nobody while a file stands in its folder."""

from pathlib import Path

from app.edge import page_admission
from app.lib.admission import Admission, NotAdmitted

FULL = "full"


class FullLine(Admission):
    def enter(self, place):
        if Path(FULL).exists():
            raise NotAdmitted
        super().enter(place)


def make_app():
    page_admission.Admission, page_admission.COME_AGAIN = FullLine, (1, 1)
    from wsgi import app

    return app
