"""Rules over a gRPC bootstrap: whether it can be read at all, and its whole; the parts have their own modules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from meshtui.model.finding import Finding, Severity
from meshtui.model.identity.bootstrap import BEING_WRITTEN, Bootstrap
from meshtui.model.identity.certificate import CertificateSet
from meshtui.model.identity.file_facts import FileFacts, facts_for
from meshtui.model.subject import BootstrapSubject


@dataclass(frozen=True, slots=True)
class BootstrapState:
    """A bootstrap and what is known around it.

    ``files`` are the facts about the paths it names, gathered where those paths mean something. ``asked_providers``
    are (instance, cluster or listener) pairs of the accepted config. ``other_nodes`` are (pod, node id) of the other
    pods seen. ``certificates`` are those of each provider. ``both_variables`` says that GRPC_XDS_BOOTSTRAP and
    GRPC_XDS_BOOTSTRAP_CONFIG are both set. ``platform`` is ``sys.platform`` of the pod.
    """

    bootstrap: Bootstrap
    now: datetime
    files: tuple[FileFacts, ...] = ()
    certificates: tuple[tuple[str, CertificateSet], ...] = ()
    asked_providers: tuple[tuple[str, str], ...] = ()
    other_nodes: tuple[tuple[str, str], ...] = ()
    both_variables: bool = False
    platform: str = "linux"

    def facts(self, path: str) -> FileFacts:
        """What is known about a path the bootstrap names."""
        return facts_for(path, self.files)

    def at(self, path: str, text: str) -> str:
        """One line of evidence about the value at ``path``: where it stands and what it is."""
        line = self.bootstrap.lines.get(path)
        place = f"{self.bootstrap.source} line {line}" if line else self.bootstrap.source
        return f"{place}: {path or 'the whole text'} {text}"


REFUSES = "gRPC refuses the whole bootstrap: every xds: channel fails and an xDS server does not start."
"""What follows from anything gRPC cannot read."""


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """What is said about one way a bootstrap cannot be read; ``why`` has places for source and problem."""

    code: str
    title: str
    why: str
    fix: str


_UNREADABLE: Final = {
    "missing": _Unreadable(
        code="bootstrap-missing",
        title="The bootstrap file is not there",
        why="{source} does not exist.",
        fix="mount the directory into the app's container too, or correct GRPC_XDS_BOOTSTRAP; with Istio the pod needs "
        "the annotation inject.istio.io/templates: grpc-agent",
    ),
    "unreadable": _Unreadable(
        code="bootstrap-unreadable",
        title="The bootstrap cannot be read",
        why="{source} is there but cannot be read: {problem}.",
        fix="let the app's user read the file, and see that the path names a file",
    ),
    "empty": _Unreadable(
        code="bootstrap-empty",
        title="The bootstrap is empty",
        why="There is nothing in {source}.",
        fix="see why the agent did not finish writing it (its log, a full volume), then restart the app",
    ),
    BEING_WRITTEN: _Unreadable(
        code="bootstrap-being-written",
        title="The bootstrap is being written",
        why="{source} could not be read as a whole: {problem}. An app that starts now may fail on it.",
        fix="look again in a moment; if it stays so, see why the agent does not finish it (its log, a full volume)",
    ),
    "not-object": _Unreadable(
        code="bootstrap-not-object",
        title="The bootstrap is not a JSON object",
        why="A bootstrap is one object with xds_servers and node; {problem}.",
        fix="put the fields into one { … }",
    ),
    "not-json": _Unreadable(
        code="bootstrap-not-json",
        title="The bootstrap is not JSON: {problem}",
        why="{source} breaks: {problem}.",
        fix="mend that place, or let the agent write the file again by restarting the pod",
    ),
}
"""By the kind of ``SyntaxProblem``."""


def unreadable(state: BootstrapState) -> Iterator[Finding]:
    """The text is missing, cannot be read, or is no JSON object."""
    problem, source = state.bootstrap.syntax, state.bootstrap.source
    if problem is None:
        return
    said = _UNREADABLE[problem.kind]
    line = f"line {problem.line}" if problem.line else ""
    place = f"{line}, column {problem.column}" if problem.column else line
    found = f"; found {problem.found}" if problem.found else ""
    what = f"{place}: {problem.message}{found}" if place else f"{problem.message}{found}"
    words = {"source": source, "problem": what}
    yield Finding(
        code=said.code,
        severity=Severity.ERROR,
        subject=BootstrapSubject(),
        title=said.title.format_map(words),
        explanation=f"{said.why.format_map(words)} {REFUSES}",
        fix=said.fix,
        evidence=(f"{source}: {what}",),
    )


def wrong_type(state: BootstrapState) -> Iterator[Finding]:
    """A value of another type than gRPC reads there."""
    for misfit in state.bootstrap.misfits:
        yield Finding(
            code="bootstrap-wrong-type",
            severity=Severity.ERROR,
            subject=BootstrapSubject(misfit.path),
            title=f"{misfit.path} must be {misfit.expected}",
            explanation=f"It is {misfit.found}. {REFUSES}",
            fix=f"write {misfit.expected} there",
            evidence=(state.at(misfit.path, f"is {misfit.found}, not {misfit.expected}"),),
        )


def duplicate_key(state: BootstrapState) -> Iterator[Finding]:
    """A member given twice: implementations keep different ones, or refuse."""
    for path in state.bootstrap.duplicates:
        yield Finding(
            code="bootstrap-duplicate-key",
            severity=Severity.ERROR,
            subject=BootstrapSubject(path),
            title=f"{path} is given more than once",
            explanation="gRPC C++ (with Python, Ruby and PHP, which are built on it) refuses a JSON text with a "
            "name given "
            "twice; Go, Java and Node silently take the last one. One file then means different things to "
            "different apps.",
            fix="keep one of them",
            evidence=(state.at(path, "is given more than once"),),
        )


def unknown_field(state: BootstrapState) -> Iterator[Finding]:
    """A field gRPC ignores: harmless if it is meant for something else, a fault if it is a slip of the pen."""
    for unknown in state.bootstrap.unknown_fields:
        slip = bool(unknown.meant)
        yield Finding(
            code="bootstrap-field-unknown",
            severity=Severity.WARNING if slip else Severity.INFO,
            subject=BootstrapSubject(unknown.path),
            title=f"gRPC ignores {unknown.path}" + (f"; {unknown.meant} may be meant" if slip else ""),
            explanation="gRPC reads no field of this name and says nothing about it: what it should set has no effect.",
            fix=f"rename it to {unknown.meant}"
            if slip
            else "remove it, or check its name against gRPC's bootstrap format",
            evidence=(state.at(unknown.path, "is no field of the bootstrap format"),),
        )


def listener_templates(state: BootstrapState) -> Iterator[Finding]:
    """The two templates that make resource names out of ports and hosts (gRFC A36, A47)."""
    bootstrap = state.bootstrap
    if bootstrap.syntax is not None:
        return
    server = bootstrap.server_listener_resource_name_template
    name = "server_listener_resource_name_template"
    if not server and name not in bootstrap.document and bootstrap.for_istio:
        yield Finding(
            code="bootstrap-server-template-missing",
            severity=Severity.WARNING,
            subject=BootstrapSubject(),
            title="xDS servers cannot start with this bootstrap",
            explanation=f"{name} is missing. Clients do not need it, but an xDS-configured server has no name to ask "
            "its listener by and refuses to start.",
            fix=f'add "{name}": "xds.istio.io/grpc/lds/inbound/%s"',
            evidence=(state.at("", f"has no {name}"),),
        )
    client = bootstrap.client_default_listener_resource_name_template
    for field, template in ((name, server), ("client_default_listener_resource_name_template", client)):
        if template and "%s" not in template:
            yield _without_placeholder(state, field, template)


def _without_placeholder(state: BootstrapState, path: str, template: str) -> Finding:
    what = "every port of every server" if path.startswith("server") else "every target of every channel"
    return Finding(
        code="bootstrap-template-without-placeholder",
        severity=Severity.WARNING,
        subject=BootstrapSubject(path),
        title=f"{path} has no %s",
        explanation=f"gRPC puts the address or target in the place of %s. Without it {what} asks for the same listener "
        f"{template!r}, and the control plane cannot tell them apart.",
        fix="put %s where the address or target belongs, as in xds.istio.io/grpc/lds/inbound/%s",
        evidence=(state.at(path, f"is {template!r}"),),
    )


def authorities(state: BootstrapState) -> Iterator[Finding]:
    """Federation (gRFC A47): templates must belong to their authority, and used authorities must be defined."""
    bootstrap = state.bootstrap
    field = "client_listener_resource_name_template"
    for authority in bootstrap.authorities:
        template, path = authority.client_listener_resource_name_template, f"{authority.path}.{field}"
        prefix = f"xdstp://{authority.name}/"
        if template and not template.startswith(prefix):
            yield Finding(
                code="bootstrap-authority-template",
                severity=Severity.ERROR,
                subject=BootstrapSubject(path),
                title=f"The template of authority {authority.name!r} does not begin with {prefix}",
                explanation=f"It is {template!r}; a template must name its own authority. {REFUSES}",
                fix=f"begin it with {prefix}, or remove it for the default",
                evidence=(state.at(path, f"is {template!r}"),),
            )
        elif template and "%s" not in template:
            yield _without_placeholder(state, path, template)
    defined = {authority.name for authority in bootstrap.authorities}
    for path in ("client_default_listener_resource_name_template", "server_listener_resource_name_template"):
        template = getattr(bootstrap, path)
        if not template.startswith("xdstp:"):
            continue
        wanted = template.removeprefix("xdstp:").removeprefix("//").partition("/")[0] if "//" in template else ""
        if wanted not in defined:
            yield Finding(
                code="bootstrap-authority-undefined",
                severity=Severity.ERROR,
                subject=BootstrapSubject(path),
                title=f"Authority {wanted!r} is used and not defined",
                explanation=f"{path} makes names of authority {wanted!r}, which authorities does not list: every "
                "lookup by it fails.",
                fix=f"add {wanted!r} to authorities, or correct the template",
                evidence=(
                    state.at(path, f"is {template!r}"),
                    f"authorities defined: {', '.join(sorted(defined)) or 'none'}",
                ),
            )


def both_variables(state: BootstrapState) -> Iterator[Finding]:
    """Two bootstraps are offered and gRPC takes the file."""
    if state.both_variables:
        yield Finding(
            code="bootstrap-both-variables",
            severity=Severity.INFO,
            subject=BootstrapSubject(),
            title="GRPC_XDS_BOOTSTRAP_CONFIG is ignored",
            explanation="GRPC_XDS_BOOTSTRAP is set as well, and gRPC then takes the file and never looks at the other, "
            "not even when the file cannot be read.",
            fix="unset the one that is not meant",
            evidence=("both variables are set",),
        )
