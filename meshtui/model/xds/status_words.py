"""What a resource's status means, in words."""

from __future__ import annotations

from typing import Final

from meshtui.model.xds.refusal_text import own_reason, shown
from meshtui.model.xds.resource import Health, Resource, Status

EXPLAINED: Final = (Health.REFUSED, Health.MISSING)
"""Of a resource in one of these, :func:`status_note` says all there is to say: what the client reported is in it."""


def status_note(resource: Resource) -> str:
    """What a resource's own status means, or an empty string when it is fine.

    RECEIVED_ERROR, TIMEOUT and a deleted resource that is still used are of gRFC A88; what tells whether a config is
    in force is the entry, not the version.
    """
    if resource.health is Health.OK:
        return ""
    match resource.status:
        case Status.NACKED:
            refused = f"refused {resource.error.version}" if resource.error and resource.error.version else "refused"
            return f"{_with_reason(refused, resource)}; {_in_force(resource)}"
        case Status.RECEIVED_ERROR:
            return f"{_with_reason('the control plane answered with an error', resource)}; {_in_force(resource)}"
        case Status.DOES_NOT_EXIST if resource.value:
            return "deleted by the control plane; still served from cache"
        case Status.DOES_NOT_EXIST:
            return _reason(resource) or "does not exist"
        case Status.TIMEOUT:
            return _reason(resource) or "no answer from the control plane in time"
    return "asked for, no answer yet"


def _with_reason(what: str, resource: Resource) -> str:
    reason = _reason(resource)
    return f"{what}: {reason}" if reason else what


def _reason(resource: Resource) -> str:
    return shown(own_reason(resource.error.details, resource.key.name)) if resource.error else ""


def _in_force(resource: Resource) -> str:
    return f"{resource.version or 'the previous version'} still in force" if resource.value else "nothing in force"
