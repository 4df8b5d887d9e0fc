"""Findings about a gRPC bootstrap as a whole; its parts have their own modules."""

from __future__ import annotations

from typing import Final

from meshtui.doctor.kinds.kind import Kind
from meshtui.model.finding import Area, Severity

REFUSES: Final = "gRPC refuses the whole bootstrap: every xds: channel fails and an xDS server does not start."
"""What follows from anything gRPC cannot read."""

MISSING: Final = Kind(
    code="bootstrap-missing",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="The bootstrap file is not there",
    why="{source} does not exist. " + REFUSES,
    fix=(
        "mount the directory into the app's container too, or correct GRPC_XDS_BOOTSTRAP; with Istio the pod "
        "needs the annotation inject.istio.io/templates: grpc-agent"
    ),
    page=(
        "The file that GRPC_XDS_BOOTSTRAP names does not exist. gRPC refuses the whole bootstrap: every `xds:` "
        "channel fails and an xDS server does not start. Typical when only one container mounts the agent's "
        "directory, or the pod was injected with the sidecar template."
    ),
    seen="the path and the system's reason.",
)

UNREADABLE: Final = Kind(
    code="bootstrap-unreadable",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="The bootstrap cannot be read",
    why="{source} is there, and meshtui cannot read it: {problem}. If the app cannot either, " + REFUSES,
    fix="let the app's user read the file, and see that the path names a file",
    page=(
        "The file is there and cannot be read: no permission, or a directory. If the app cannot read it either, gRPC "
        "refuses the whole bootstrap: every `xds:` channel fails and an xDS server does not start."
    ),
    seen="the path and the system's reason.",
)

TOO_LARGE: Final = Kind(
    code="bootstrap-too-large",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="The bootstrap is larger than meshtui reads",
    why=(
        "{source} has more than 1 MiB, so meshtui does not read it: {problem}. What is in it, and whether gRPC takes "
        "it, is not known."
    ),
    fix="see that the path names the bootstrap, which Istio writes with a few KiB",
    page=(
        "The file has more than 1 MiB, and meshtui does not read it: an istio-agent writes some 3 KiB, so that a "
        "larger file is probably something else. What is in it, and whether gRPC takes it, is not known."
    ),
    seen="the path and the size, where it is known.",
)

EMPTY: Final = Kind(
    code="bootstrap-empty",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="The bootstrap is empty",
    why="There is nothing in {source}. " + REFUSES,
    fix="see why the agent did not finish writing it (its log, a full volume), then restart the app",
    page=(
        "There is nothing in the file. gRPC refuses the whole bootstrap: every `xds:` channel fails and an xDS "
        "server does not start. The agent did not finish writing, or the volume was full."
    ),
    seen="the path.",
)

BEING_WRITTEN: Final = Kind(
    code="bootstrap-being-written",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="The bootstrap is being written",
    why="{source} could not be read as a whole: {problem}. An app that starts now may fail on it. " + REFUSES,
    fix="look again in a moment; if it stays so, see why the agent does not finish it (its log, a full volume)",
    page=(
        "The file changed between two looks a moment apart, and was missing, empty or no JSON at the last of "
        "them. Whether it is broken is not known: it is looked at again. An app that starts just then may fail on "
        "it, since gRPC reads it once."
    ),
    seen="the path.",
)

NOT_OBJECT: Final = Kind(
    code="bootstrap-not-object",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="The bootstrap is not a JSON object",
    why="A bootstrap is one object with xds_servers and node; {problem}. " + REFUSES,
    fix="put the fields into one {{ … }}",
    page=(
        "The text is JSON, but an array, a string or a number. gRPC refuses the whole bootstrap: every `xds:` "
        "channel fails and an xDS server does not start."
    ),
    seen="what it is instead.",
)

NOT_JSON: Final = Kind(
    code="bootstrap-not-json",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="The bootstrap is not JSON: {problem}",
    why="{source} breaks: {problem}. " + REFUSES,
    fix="mend that place, or let the agent write the file again by restarting the pod",
    page=(
        "The text breaks JSON's rules at one place. gRPC refuses the whole bootstrap: every `xds:` channel fails "
        "and an xDS server does not start. Comments, trailing commas, single quotes, a byte order mark and "
        "unexpanded `${…}` are the usual causes."
    ),
    seen="line, column and the one character found there; never more, since the text may hold secrets.",
)

WRONG_TYPE: Final = Kind(
    code="bootstrap-wrong-type",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    graded="a warning for a null that C++ and Go take for a field left out",
    title="{path} must be {expected}",
    why="It is {found}. {who_refuses}",
    fix="write {expected} there",
    page=(
        "A field has another type than gRPC reads there. gRPC refuses the whole bootstrap: every `xds:` channel "
        "fails and an xDS server does not start. Where null stands for a field that may be left out, C++ (with Python, "
        "Ruby and PHP) and Go take it so; Java, and Node in many places, refuse it."
    ),
    seen="the field, its line, the type found and the type expected.",
    page_fix="write the expected type; durations and ports are strings here.",
)

DUPLICATE_KEY: Final = Kind(
    code="bootstrap-duplicate-key",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="{path} is given more than once",
    why=(
        "gRPC C++ (with Python, Ruby and PHP, which are built on it) refuses a JSON text with a name given twice; "
        "Go, Java and Node silently take the last one. One file then means different things to different apps."
    ),
    fix="keep one of them",
    seen="the path of the name and its line.",
)

FIELD_UNKNOWN: Final = Kind(
    code="bootstrap-field-unknown",
    area=Area.BOOTSTRAP,
    severity=Severity.INFO,
    graded="a warning when its name is close to that of a known field",
    title="gRPC ignores {path}",
    why="gRPC reads no field of this name and says nothing about it: what it should set has no effect.",
    fix="remove it, or check its name against gRPC's bootstrap format",
    seen="the path and its line.",
    page_fix="rename or remove it; the fields are in gRPC's `grpc_xds_bootstrap_format.md`.",
)

SERVER_TEMPLATE_MISSING: Final = Kind(
    code="bootstrap-server-template-missing",
    area=Area.BOOTSTRAP,
    severity=Severity.WARNING,
    title="xDS servers cannot start with this bootstrap",
    why=(
        "server_listener_resource_name_template is missing. Clients do not need it, but an xDS-configured server "
        "has no name to ask its listener by and refuses to start."
    ),
    fix='add "server_listener_resource_name_template": "xds.istio.io/grpc/lds/inbound/%s"',
    seen="the bootstrap.",
)

TEMPLATE_WITHOUT_PLACEHOLDER: Final = Kind(
    code="bootstrap-template-without-placeholder",
    area=Area.BOOTSTRAP,
    severity=Severity.WARNING,
    title="{path} has no %s",
    why=(
        "gRPC puts the address or target in the place of %s. Without it {all_of_them} asks for the same listener "
        "{template!r}, and the control plane cannot tell them apart."
    ),
    fix="put %s where the address or target belongs, as in xds.istio.io/grpc/lds/inbound/%s",
    page="A listener name template without `%s`: every server port, or every target, asks for the same listener.",
    seen="the template and its line.",
)

AUTHORITY_TEMPLATE: Final = Kind(
    code="bootstrap-authority-template",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="The template of authority {authority!r} does not begin with {prefix}",
    why="It is {template!r}; a template must name its own authority. " + REFUSES,
    fix="begin it with {prefix}, or remove it for the default",
    page=(
        "An authority's template must begin with `xdstp://<authority>/` (gRFC A47). gRPC refuses the whole "
        "bootstrap: every `xds:` channel fails and an xDS server does not start."
    ),
    seen="the template and its line.",
)

AUTHORITY_UNDEFINED: Final = Kind(
    code="bootstrap-authority-undefined",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="Authority {authority!r} is used and not defined",
    why="{path} makes names of authority {authority!r}, which authorities does not list: every lookup by it fails.",
    fix="add {authority!r} to authorities, or correct the template",
    page="A template makes names of an authority that `authorities` does not list; every lookup by it fails.",
    seen="the template, and the authorities defined.",
)

BOTH_VARIABLES: Final = Kind(
    code="bootstrap-both-variables",
    area=Area.BOOTSTRAP,
    severity=Severity.INFO,
    title="GRPC_XDS_BOOTSTRAP_CONFIG is ignored",
    why=(
        "GRPC_XDS_BOOTSTRAP is set as well, and gRPC then takes the file and never looks at the other, not even "
        "when the file cannot be read."
    ),
    fix="unset the one that is not meant",
    seen="both variables.",
)
