"""The Flask extensions shared by the web pages, the admin pages and the API."""

from babel import Locale
from babel.support import NullTranslations
from flask import Flask
from flask_babel import Babel, Domain, get_locale

from app.config import Settings, is_web_worker
from app.db import db
from app.edge.forged_requests import FormGuard


class TranslationsByLocale(Domain):  # type: ignore[misc]
    """Flask-Babel's own finds the translations anew for each text: a seventh of a page's time."""

    def __init__(self) -> None:
        super().__init__()
        self._found: dict[Locale | None, NullTranslations] = {}

    def get_translations(self) -> NullTranslations:
        locale = get_locale()
        if locale not in self._found:
            self._found[locale] = super().get_translations()
        return self._found[locale]


babel = Babel()
csrf = FormGuard()


def init_app(app: Flask, settings: Settings) -> None:
    # Parsed once here: Flask-Babel would parse its default locale on every request.
    locale = Locale.parse("en_IN")
    babel.init_app(app, default_locale=str(locale), locale_selector=lambda: locale)
    _translate_by_locale(app)
    # A token lives as long as its session. With the default of an hour, a visitor who took a break
    # would lose their input.
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    # Our forms say what is wrong in words of their own; Flask-WTF would read a file for each form.
    app.config["WTF_I18N_ENABLED"] = False
    csrf.init_app(app)
    if not is_web_worker():
        # Only commands migrate; a web worker starts faster without the import.
        from flask_migrate import Migrate

        Migrate(app, db, directory=str(app.root_path) + "/migrations")


def _translate_by_locale(app: Flask) -> None:
    """Have code and templates share the translations that are found."""
    domain = babel.domain_instance = TranslationsByLocale()
    find = domain.get_translations
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: find().ugettext(text),
        ngettext=lambda one, many, number: find().ungettext(one, many, number),
        newstyle=True,
        pgettext=lambda context, text: find().upgettext(context, text),
        npgettext=lambda context, one, many, n: find().unpgettext(context, one, many, n),
    )
