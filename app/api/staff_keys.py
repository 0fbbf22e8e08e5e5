"""Staff keys, managed by owners."""

from typing import Any

from flask import Response

from app.api.admin_schemas import NewStaffKeyOut, StaffKeyIn, StaffKeyOut, StaffKeysOut
from app.api.body import api_blueprint
from app.api.present import json_response
from app.api.spec import KEY, answers, valid
from app.models import Role
from app.services import staff

blueprint = api_blueprint("staff_keys", __name__)
OWNER: dict[str, Any] = {"tags": ["Staff keys"], "security": [{KEY: []}]}


@blueprint.get("/admin/keys")
@valid(answers(401, HTTP_200=StaffKeysOut), operation_id="listStaffKeys", **OWNER)
def list_keys() -> Response:
    """List the staff keys that are not revoked, expired ones too"""
    return json_response(StaffKeysOut([StaffKeyOut.model_validate(k) for k in staff.list_keys()]))


@blueprint.post("/admin/keys")
@valid(
    answers(400, 401, 413, 415, HTTP_201=NewStaffKeyOut),
    body=StaffKeyIn,
    operation_id="createStaffKey",
    **OWNER,
)
def create_key(body: StaffKeyIn) -> Response:
    """Make a staff key

    The answer is the only place where the key itself ever stands.
    """
    key, secret = staff.create_key(
        body.name,
        Role(body.role),
        sees_emails=body.sees_emails,
        event_ids=body.event_ids,
        expires_at=body.expires_at,
    )
    facts = StaffKeyOut.model_validate(key).model_dump()
    return json_response(NewStaffKeyOut(**facts, key=secret), 201)


@blueprint.delete("/admin/keys/<id:key_id>")
@valid(answers(401, 404, HTTP_204=None), operation_id="revokeStaffKey", **OWNER)
def revoke_key(key_id: int) -> tuple[str, int]:
    """Revoke a staff key

    It opens nothing any more, and every browser it opened is logged out.
    """
    staff.revoke_key(key_id)
    return "", 204
