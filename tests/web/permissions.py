"""Who may do what where, written by hand. A test runs every route of the application against it,
and fails where a route is not here.

A route needs a deed of staff (and where it names something, at that place), a scope of a key,
that somebody is signed in, or nothing: anybody may ask.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from notify.domain.grants import Deed, Role
from notify.domain.scopes import Scope


class Open(Enum):
    """Needs that are no grant."""

    ANYBODY = "anybody"
    SIGNED_IN = "signed in"


Need = Deed | frozenset[Deed] | Open
"""Several deeds: one of them is enough."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a program needs. A key with the scope is answered `done` where it reaches what it asks
    for, and `beyond` elsewhere. `personal`: names and addresses are in the answer, for keys that have
    residents:read as well and for no others."""

    scope: Scope
    done: int
    beyond: int
    personal: bool = False


ROLES: Final[Mapping[Role, frozenset[Deed]]] = {
    Role.VIEWER: frozenset({Deed.LOOK}),
    Role.AUTHOR: frozenset({Deed.LOOK, Deed.WRITE}),
    Role.APPROVER: frozenset({Deed.LOOK, Deed.APPROVE}),
    Role.OPERATOR: frozenset({Deed.LOOK, Deed.OPERATE}),
    Role.ADMINISTRATOR: frozenset({Deed.LOOK, Deed.OPERATE, Deed.ADMINISTER}),
}

STAFF: Final[Mapping[tuple[str, str], Need]] = {
    ("GET", "/staff"): Open.SIGNED_IN,
    ("GET", "/staff/sign-in"): Open.ANYBODY,
    ("POST", "/staff/sign-in"): Open.ANYBODY,
    ("POST", "/staff/sign-out"): Open.SIGNED_IN,
    ("GET", "/staff/welcome/{word}"): Open.ANYBODY,  # whoever has the link
    ("POST", "/staff/welcome/{word}"): Open.ANYBODY,
    ("GET", "/staff/me"): Open.SIGNED_IN,
    ("POST", "/staff/me/sessions"): Open.SIGNED_IN,
    ("POST", "/staff/me/password"): Open.SIGNED_IN,
    ("POST", "/staff/me/recovery"): Open.SIGNED_IN,
    ("GET", "/staff/messages"): Deed.LOOK,
    ("GET", "/staff/messages/{broadcast_id}"): Deed.LOOK,
    ("GET", "/staff/messages/{broadcast_id}/live"): Deed.LOOK,
    ("GET", "/staff/messages/{broadcast_id}/mail"): Deed.LOOK,
    ("GET", "/staff/drafts/{draft_id}/mail"): Deed.WRITE,
    ("GET", "/staff/messages/{broadcast_id}/answering"): Deed.LOOK,
    ("GET", "/staff/drafts/{draft_id}/answering"): Deed.WRITE,
    ("POST", "/staff/messages/{broadcast_id}/deliveries.csv"): Deed.OPERATE,
    ("POST", "/staff/messages/{broadcast_id}/approve"): Deed.APPROVE,
    ("POST", "/staff/messages/{broadcast_id}/return"): Deed.APPROVE,
    ("POST", "/staff/messages/{broadcast_id}/recall"): frozenset(
        {Deed.OPERATE, Deed.APPROVE, Deed.WRITE}  # whoever writes recalls what they wrote
    ),
    ("POST", "/staff/messages/{broadcast_id}/close"): frozenset(
        {Deed.OPERATE, Deed.APPROVE, Deed.WRITE}  # as to recall it
    ),
    ("GET", "/staff/messages/{broadcast_id}/answers"): Deed.OPERATE,
    ("POST", "/staff/messages/{broadcast_id}/answers.csv"): Deed.OPERATE,
    ("POST", "/staff/messages/{broadcast_id}/answers/{voter}"): Deed.OPERATE,
    ("GET", "/staff/messages/{broadcast_id}/votes"): Deed.OPERATE,
    ("POST", "/staff/messages/{broadcast_id}/votes.csv"): Deed.OPERATE,
    ("POST", "/staff/messages/{broadcast_id}/result.csv"): Deed.LOOK,
    ("POST", "/staff/messages/{broadcast_id}/result.json"): Deed.LOOK,
    ("GET", "/staff/messages/{broadcast_id}/desk"): Deed.OPERATE,
    ("POST", "/staff/messages/{broadcast_id}/desk"): Deed.OPERATE,
    ("GET", "/staff/messages/{broadcast_id}/desk/{voter}"): Deed.OPERATE,
    ("POST", "/staff/messages/{broadcast_id}/desk/{voter}"): Deed.OPERATE,
    ("POST", "/staff/messages/{broadcast_id}/alone"): Deed.WRITE,
    ("POST", "/staff/messages/{broadcast_id}/release"): Deed.OPERATE,
    ("POST", "/staff/drafts/{draft_id}/reckon"): Deed.WRITE,
    ("POST", "/staff/drafts/{draft_id}/test"): Deed.WRITE,
    ("GET", "/staff/inbox"): Deed.OPERATE,
    ("GET", "/staff/inbox/{text_id}"): Deed.OPERATE,
    ("POST", "/staff/inbox/{text_id}/answer"): Deed.OPERATE,
    ("POST", "/staff/inbox/{text_id}/done"): Deed.OPERATE,
    ("POST", "/staff/inbox/{text_id}/assign"): Deed.OPERATE,
    ("GET", "/staff/residents/{resident_id}/history"): Deed.OPERATE,
    ("POST", "/staff/residents/{resident_id}/history"): Deed.OPERATE,
    ("GET", "/staff/style"): Open.SIGNED_IN,
    ("GET", "/staff/senders"): Deed.OPERATE,
    ("POST", "/staff/senders/resume"): Deed.OPERATE,
    ("POST", "/staff/drafts"): Deed.WRITE,
    ("GET", "/staff/drafts/{draft_id}"): Deed.WRITE,
    ("POST", "/staff/drafts/{draft_id}"): Deed.WRITE,
    ("POST", "/staff/drafts/{draft_id}/drop"): Deed.WRITE,
    ("GET", "/staff/drafts/{draft_id}/submit"): Deed.WRITE,
    ("POST", "/staff/drafts/{draft_id}/submit"): Deed.WRITE,
    ("POST", "/staff/drafts/{draft_id}/take-back"): Deed.WRITE,
    ("GET", "/staff/messages/{broadcast_id}/review"): Deed.APPROVE,
    ("POST", "/staff/messages/{broadcast_id}/review"): Deed.APPROVE,
    ("GET", "/staff/templates"): Deed.LOOK,
    ("POST", "/staff/templates"): Deed.WRITE,
    ("GET", "/staff/templates/new"): Deed.WRITE,
    ("GET", "/staff/templates/{template_id}"): Deed.LOOK,
    ("GET", "/staff/templates/{template_id}/change"): Deed.WRITE,
    ("POST", "/staff/templates/{template_id}/change"): Deed.WRITE,
    ("POST", "/staff/templates/{template_id}/retire"): Deed.WRITE,
    ("POST", "/staff/templates/{template_id}/approve"): Deed.APPROVE,
    ("POST", "/staff/templates/{template_id}/withdraw"): Deed.APPROVE,
    ("GET", "/staff/templates/{template_id}/use"): Deed.WRITE,
    ("POST", "/staff/templates/{template_id}/use"): Deed.WRITE,
    ("GET", "/staff/break-glass"): Deed.WRITE,
    ("GET", "/staff/break-glass/{template_id}"): Deed.WRITE,
    ("POST", "/staff/break-glass/{template_id}"): Deed.WRITE,
    ("GET", "/staff/people"): Deed.ADMINISTER,
    ("POST", "/staff/people"): Deed.ADMINISTER,
    ("GET", "/staff/people/{staff_id}"): Deed.ADMINISTER,
    ("POST", "/staff/people/{staff_id}/invite"): Deed.ADMINISTER,
    ("POST", "/staff/people/{staff_id}/withdraw"): Deed.ADMINISTER,
    ("POST", "/staff/people/{staff_id}/sign-out"): Deed.ADMINISTER,
    ("POST", "/staff/people/{staff_id}/end"): Deed.ADMINISTER,
    ("GET", "/staff/groups"): Deed.ADMINISTER,
    ("GET", "/staff/groups/new"): Deed.ADMINISTER,
    ("POST", "/staff/groups/new"): Deed.ADMINISTER,
    ("GET", "/staff/groups/{slug}"): Deed.ADMINISTER,
    ("POST", "/staff/groups/{slug}/{part}"): Deed.ADMINISTER,
    ("GET", "/staff/groups/{slug}/move"): Deed.ADMINISTER,  # and of what it stands below
    ("POST", "/staff/groups/{slug}/move"): Deed.ADMINISTER,
    ("GET", "/staff/residents"): Deed.OPERATE,
    ("POST", "/staff/residents"): Deed.OPERATE,
    ("GET", "/staff/residents/{resident_id}"): Deed.OPERATE,
    ("POST", "/staff/residents/{resident_id}"): Deed.OPERATE,
    ("POST", "/staff/residents/{resident_id}/leave"): Deed.OPERATE,
    ("POST", "/staff/residents/{resident_id}/codes"): Deed.OPERATE,
    ("POST", "/staff/residents/{resident_id}/confirm"): Deed.OPERATE,
    ("POST", "/staff/residents/{resident_id}/erase"): Deed.OPERATE,
    ("GET", "/staff/residents/import"): Deed.OPERATE,
    ("POST", "/staff/residents/import"): Deed.OPERATE,
    ("GET", "/staff/residents/import/{upload_id}"): Deed.OPERATE,
    ("POST", "/staff/residents/import/{upload_id}"): Deed.OPERATE,
    ("POST", "/staff/residents/import/{upload_id}/drop"): Deed.OPERATE,
    ("GET", "/staff/residents/import/{upload_id}/report.csv"): Deed.OPERATE,
    ("GET", "/staff/requests"): Deed.OPERATE,
    ("POST", "/staff/requests"): Deed.OPERATE,
    ("GET", "/staff/suppressions"): Deed.OPERATE,
    ("POST", "/staff/suppressions"): Deed.OPERATE,
    ("POST", "/staff/suppressions/lift"): Deed.OPERATE,
    ("POST", "/staff/suppressions/add"): Deed.OPERATE,
    ("GET", "/staff/keys"): Deed.ADMINISTER,
    ("POST", "/staff/keys"): Deed.ADMINISTER,
    ("POST", "/staff/keys/{key_id}/end"): Deed.ADMINISTER,
    ("GET", "/staff/audit"): Deed.ADMINISTER,  # and everywhere
    ("POST", "/staff/audit/verify"): Deed.ADMINISTER,
    ("GET", "/staff/audit/lines.jsonl"): Deed.ADMINISTER,
    ("GET", "/staff/audit/lines.csv"): Deed.ADMINISTER,
    ("GET", "/staff/retention"): Deed.ADMINISTER,
}

OF_ALL: Final = frozenset(
    {
        ("GET", "/staff/senders"), ("POST", "/staff/senders/resume"), ("GET", "/staff/audit"),
        ("POST", "/staff/audit/verify"), ("GET", "/staff/audit/lines.jsonl"),
        ("GET", "/staff/audit/lines.csv"),
    }
)  # fmt: skip
"""What has to do with the whole installation: the deed has to be granted everywhere."""

FROM_ABOVE: Final = frozenset(
    {("GET", "/staff/groups/{slug}/move"), ("POST", "/staff/groups/{slug}/move")}
)
"""What the deed has to be granted for above its place."""

API: Final[Mapping[tuple[str, str], Call | Open]] = {
    ("GET", "/api/v1/openapi.json"): Open.ANYBODY,
    ("POST", "/api/v1/groups"): Call(Scope.GROUPS_WRITE, 201, 403),
    ("PUT", "/api/v1/groups/{slug}/about"): Call(Scope.GROUPS_WRITE, 200, 403),
    ("POST", "/api/v1/residents"): Call(Scope.RESIDENTS_WRITE, 201, 403),
    ("POST", "/api/v1/residents/{resident_id}/codes"): Call(Scope.RESIDENTS_WRITE, 202, 404),
    ("POST", "/api/v1/residents/{resident_id}/confirm"): Call(Scope.RESIDENTS_WRITE, 200, 404),
    ("DELETE", "/api/v1/residents/{resident_id}"): Call(Scope.RESIDENTS_WRITE, 204, 404),
    # A list: of what is beyond nothing is in it.
    ("GET", "/api/v1/requests"): Call(Scope.RESIDENTS_WRITE, 200, 200, personal=True),
    ("POST", "/api/v1/requests/{resident_id}/{group}"): Call(Scope.RESIDENTS_WRITE, 200, 403),
    ("POST", "/api/v1/broadcasts"): Call(Scope.BROADCASTS_WRITE, 202, 403),
    ("GET", "/api/v1/broadcasts/{broadcast_id}"): Call(Scope.BROADCASTS_READ, 200, 404),
    ("POST", "/api/v1/broadcasts/{broadcast_id}/cancel"): Call(Scope.BROADCASTS_WRITE, 202, 404),
    ("GET", "/api/v1/broadcasts/{broadcast_id}/deliveries"): Call(
        Scope.BROADCASTS_READ, 200, 404, personal=True
    ),
    ("GET", "/api/v1/broadcasts/{broadcast_id}/skips"): Call(Scope.BROADCASTS_READ, 200, 404),
    ("GET", "/api/v1/broadcasts/{broadcast_id}/results"): Call(Scope.BROADCASTS_READ, 200, 404),
    ("GET", "/api/v1/deliveries/{delivery_id}"): Call(
        Scope.BROADCASTS_READ, 200, 404, personal=True
    ),
}

KEYS_REACH: Final[Mapping[str, bool]] = {
    "everywhere": True, "above": True, "here": True, "below": False, "beside": False,
}  # fmt: skip
"""Where a key was given, and whether it reaches what is at Elbtal from there."""

ANYBODY: Final = frozenset(
    {
        "GET /", "GET /accessibility", "POST /accessibility", "GET /archive", "GET /b/{reference}",
        "GET /groups", "GET /groups/{slug}", "GET /help", "GET /imprint", "GET /imprint/{slug}",
        "GET /privacy", "GET /privacy/{slug}",
        # Each shows a result only to whom the poll says.
        "GET /polls/{reference}", "GET /polls/{reference}/result.csv",
        "GET /polls/{reference}/result.json",
        # Whoever has the link, the code or the signature.
        "GET /answer/{token}", "POST /answer/{token}",
        "GET /code/{token}", "POST /code/{token}", "GET /confirm/{token}", "POST /confirm/{token}",
        "GET /leave/{token}", "POST /leave/{token}", "POST /push/renew",
        "POST /hooks/mail/bounce", "POST /hooks/push/{mark}", "POST /hooks/push/{mark}/opened",
        "POST /hooks/push/{mark}/answer", "POST /hooks/twilio/inbound",
        # Whoever wants to join, or to get in.
        "GET /join", "POST /join", "GET /join/{slug}", "POST /join/{slug}", "GET /join/code",
        "POST /join/code", "GET /join/done", "GET /join/{slug}/poster", "GET /join/{slug}/qr.svg",
        "GET /my", "POST /my/close", "POST /my/enter", "GET /my/code", "POST /my/code",
        # Programs of ours and of the operator's.
        "GET /colour/{name}", "GET /static/{name}", "GET /sw.js", "GET /manifest.webmanifest",
        "GET /healthz", "GET /readyz", "GET /metrics",
    }
)  # fmt: skip

OWN: Final = frozenset(
    {
        "GET /my/addresses", "POST /my/addresses/add", "POST /my/addresses/again",
        "POST /my/addresses/code", "POST /my/addresses/remove",
        "POST /my/addresses/texted", "GET /my/erase",
        "POST /my/erase", "GET /my/export", "POST /my/groups", "GET /my/join", "POST /my/join",
        "GET /my/push", "POST /my/push", "POST /my/push/known", "POST /my/push/off",
        "POST /my/push/trial", "GET /my/push/trial/{trial}", "GET /my/received", "GET /my/polls", "GET /my/polls/{reference}",
        "POST /my/polls/{reference}",
        "GET /my/settings", "POST /my/settings",
    }
)  # fmt: skip
"""The residents', behind a session of theirs; each sees their own and nothing else."""
