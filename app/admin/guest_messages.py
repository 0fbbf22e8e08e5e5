"""Letters to all guests of an event: written, looked at, tried, sent; and the reminder's switch."""

import uuid

from flask import Response, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from wtforms import EmailField, HiddenField, StringField, TextAreaField
from wtforms.validators import UUID, DataRequired, Email, Length

from app.admin.guard import staff_pages
from app.edge.current import desk
from app.edge.forms import Form, sentence, strip
from app.edge.htmx import Answer, go_to
from app.edge.rate_limits import letter_to
from app.errors import InvalidField
from app.models import Event
from app.models.guest_message import MAX_BODY, MAX_SUBJECT
from app.models.staff_scope import shown_email
from app.services import event_news, events, guest_messages, outbox

blueprint = staff_pages("admin_guest_messages", __name__)


class MessageForm(Form):
    subject = StringField(
        lazy_gettext("Subject"),
        filters=[strip],
        validators=[DataRequired(lazy_gettext("Give it a subject.")), Length(max=MAX_SUBJECT)],
    )
    body = TextAreaField(
        lazy_gettext("Your letter"),
        filters=[lambda text: (text or "").replace("\r\n", "\n").strip()],
        validators=[DataRequired(lazy_gettext("Write something.")), Length(max=MAX_BODY)],
        description=lazy_gettext(
            "Markdown: **bold**, ## a heading, - a list, [a link](https://…)."
        ),
    )
    token = HiddenField(validators=[UUID()])
    """Of this letter: a second click sends nothing more."""


class TrialForm(MessageForm):
    to = EmailField(
        lazy_gettext("Your email, for a test"),
        filters=[strip],
        validators=[
            DataRequired(lazy_gettext("Enter your email.")),
            Email(lazy_gettext("Enter an email address, as in name@example.com.")),
            Length(max=254),
        ],
    )


@blueprint.get("/events/<id:event_id>/letters")
def index(event_id: int) -> Answer:
    form = MessageForm(formdata=None, token=str(uuid.uuid4()))
    return _page("guest_messages", event_id, form)


@blueprint.post("/events/<id:event_id>/letters/preview")
def preview(event_id: int) -> Answer:
    """Show the letter, to be tried or sent; or, with `change`, the form once more."""
    form = MessageForm()
    if not form.validate():
        return _page("guest_messages", event_id, form, 422)
    if "change" in request.form:
        return _page("guest_messages", event_id, form)
    return _preview(event_id, TrialForm())


@blueprint.post("/events/<id:event_id>/letters/test")
def test(event_id: int) -> Answer:
    form = TrialForm()
    if not form.validate():
        return _preview(event_id, form, 422)
    if not outbox.is_configured():
        form.refuse("to", _("No mail server is set."))
        return _preview(event_id, form, 422)
    letter_to(form.to.data)
    guest_messages.send_test(event_id, form.to.data, form.subject.data, form.body.data)
    return _preview(event_id, form, tried=form.to.data)


@blueprint.post("/events/<id:event_id>/letters")
def send(event_id: int) -> Answer:
    form = MessageForm()
    if not form.validate():
        return _page("guest_messages", event_id, form, 422)
    token = uuid.UUID(form.token.data)
    try:
        sent = guest_messages.send(event_id, token, form.subject.data, form.body.data)
    except InvalidField as error:
        form.refuse("subject", sentence(error.message))
        return _page("guest_messages", event_id, form, 422)
    flash(ngettext("It goes to %(num)d person.", "It goes to %(num)d people.", sent.guests), "done")
    return _to_message(event_id, sent.id)


@blueprint.get("/events/<id:event_id>/letters/<id:message_id>")
def show(event_id: int, message_id: int) -> Answer:
    return render_template(
        "pages/admin/guest_message.html",
        event=events.get_event(event_id, drafts=True),
        progress=guest_messages.get_message(event_id, message_id),
        unreached=guest_messages.list_unreached(message_id),
        shown_email=shown_email,
    )


@blueprint.post("/events/<id:event_id>/letters/<id:message_id>/sending")
def send_again(event_id: int, message_id: int) -> Answer:
    guest_messages.send_again(event_id, message_id)
    flash(_("The letters are sent again, as soon as may be."), "done")
    return _to_message(event_id, message_id)


@blueprint.post("/events/<id:event_id>/reminder")
def remind(event_id: int) -> Answer:
    """Turn the reminder on or off."""
    wanted = request.form.get("on") == "1"
    events.update_event(event_id, {"reminds_guests": wanted}, desk())
    flash(
        _("Guests are reminded the day before.") if wanted else _("Guests are not reminded."),
        "done",
    )
    return go_to(url_for("admin_guest_messages.index", event_id=event_id))


def _to_message(event_id: int, message_id: int) -> Response:
    there = url_for("admin_guest_messages.show", event_id=event_id, message_id=message_id)
    return go_to(there)


def _preview(event_id: int, form: TrialForm, status: int = 200, tried: str = "") -> Response:
    return _page("guest_message_preview", event_id, form, status, tried=tried)


def _page(
    name: str, event_id: int, form: MessageForm, status: int = 200, tried: str = ""
) -> Response:
    event: Event = events.get_event(event_id, drafts=True)
    page = render_template(
        f"pages/admin/{name}.html",
        event=event,
        letter=form,
        tried=tried,
        guests=event_news.count_guests(event),
        messages=guest_messages.list_messages(event_id),
        sends_mail=outbox.is_configured(),
    )
    return make_response(page, status)
