"""The form that marks an order as paid."""

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, ValidationError

from app.edge.forms import Form, strip
from app.lib.money import NotAnAmount, minor_to_text, parse_money
from app.lib.payment_texts import MAX_REFERENCE
from app.models import PaymentProvider
from app.presenters.prices import amount_refused
from app.services.payments import Received

PROVIDERS = [
    SelectChoice(PaymentProvider.UPI.value, _("UPI")),
    SelectChoice(PaymentProvider.TRANSFER.value, _("Bank transfer")),
    SelectChoice(PaymentProvider.DOOR.value, _("Cash, handed to staff")),
]


class PaymentForm(Form):
    """Its amount is in the order's currency, which is given as data: nobody types it."""

    amount = StringField(
        _("Amount that has come"),
        filters=[strip],
        validators=[InputRequired(_("Enter the amount that has come."))],
    )
    provider = SelectField(_("Paid by"), choices=PROVIDERS)
    bank_reference = StringField(
        _("The bank's reference"),
        filters=[strip],
        validators=[Length(max=MAX_REFERENCE)],
        description=_("As in the statement; of UPI the 12 digits (UTR). Cash needs none."),
    )
    also_wrong = BooleanField(
        _("It is another amount: take it as owed back, and let the seats wait on")
    )

    def __init__(self, *, data: dict[str, Any], **facts: Any) -> None:
        self.currency = str(data["currency"])
        minor = data.get("minor")
        text = minor_to_text(minor, self.currency) if minor else ""
        super().__init__(data={**data, "amount": text}, **facts)

    def validate_amount(self, field: StringField) -> None:
        try:
            minor = parse_money(field.data, self.currency)
        except NotAnAmount as error:
            raise ValidationError(amount_refused(error, self.currency)) from None
        if minor <= 0:
            raise ValidationError(_("Enter the amount that has come."))

    def validate_bank_reference(self, field: StringField) -> None:
        if not field.data and self.provider.data != PaymentProvider.DOOR:
            raise ValidationError(_("Enter the bank's reference, as in the statement."))

    @property
    def received(self) -> Received:
        """What has come; only of a form that is valid."""
        return Received(
            PaymentProvider(self.provider.data),
            parse_money(self.amount.data, self.currency),
            self.currency,
            self.bank_reference.data or None,
        )
