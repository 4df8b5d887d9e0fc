"""Rules over a gRPC bootstrap: whether it can be read at all, and its whole; the parts have their own modules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from meshtui.doctor.evidence import BootstrapEvidence
from meshtui.doctor.kinds import bootstrap as kinds
from meshtui.doctor.rules import bootstrap_call_creds, bootstrap_node, bootstrap_providers, bootstrap_servers
from meshtui.doctor.rules.rule import Rule
from meshtui.model.finding import Finding, Severity
from meshtui.model.identity.bootstrap import SyntaxProblem, SyntaxProblemKind
from meshtui.model.subject import BootstrapSubject

BY_PROBLEM: Final = {
    SyntaxProblemKind.MISSING: kinds.MISSING,
    SyntaxProblemKind.UNREADABLE: kinds.UNREADABLE,
    SyntaxProblemKind.TOO_LARGE: kinds.TOO_LARGE,
    SyntaxProblemKind.EMPTY: kinds.EMPTY,
    SyntaxProblemKind.BEING_WRITTEN: kinds.BEING_WRITTEN,
    SyntaxProblemKind.NOT_OBJECT: kinds.NOT_OBJECT,
    SyntaxProblemKind.NOT_JSON: kinds.NOT_JSON,
}
"""The kind of finding for each kind of ``SyntaxProblem``."""


def unreadable(seen: BootstrapEvidence) -> Iterator[Finding]:
    """The text is missing, cannot be read, or is no JSON object."""
    problem, source = seen.bootstrap.syntax, seen.bootstrap.source
    if problem is not None:
        words = _problem_words(problem)
        yield BY_PROBLEM[problem.kind].finding(
            BootstrapSubject(), source=source, problem=words, evidence=(f"{source}: {words}",)
        )


def _problem_words(problem: SyntaxProblem) -> str:
    """``line 3, column 7: expected a value; found }``, as much of it as is known."""
    line = f"line {problem.line}" if problem.line else ""
    place = f"{line}, column {problem.column}" if problem.column else line
    found = f"; found {problem.found}" if problem.found else ""
    return f"{place}: {problem.message}{found}" if place else f"{problem.message}{found}"


NULL_REFUSED_BY_SOME: Final = (
    "C++ (with Python, Ruby and PHP) and Go take that for a field left out; Java, and Node in many places, refuse it."
)


def wrong_type(seen: BootstrapEvidence) -> Iterator[Finding]:
    """A value of another type than gRPC reads there."""
    for misfit in seen.bootstrap.misfits:
        lenient = misfit.only_some_refuse
        yield kinds.WRONG_TYPE.finding(
            BootstrapSubject(misfit.path),
            severity=Severity.WARNING if lenient else Severity.ERROR,
            fix=f"write {misfit.expected} there, or leave the field out" if lenient else "",
            path=misfit.path,
            expected=misfit.expected,
            found=misfit.found,
            who_refuses=NULL_REFUSED_BY_SOME if lenient else kinds.REFUSES,
            evidence=(seen.at(misfit.path, f"is {misfit.found}, not {misfit.expected}"),),
        )


def duplicate_key(seen: BootstrapEvidence) -> Iterator[Finding]:
    """A member given twice: implementations keep different ones, or refuse."""
    for path in seen.bootstrap.duplicates:
        yield kinds.DUPLICATE_KEY.finding(
            BootstrapSubject(path), path=path, evidence=(seen.at(path, "is given more than once"),)
        )


def unknown_field(seen: BootstrapEvidence) -> Iterator[Finding]:
    """A field gRPC ignores: harmless if it is meant for something else, a fault if it is a slip of the pen."""
    for unknown in seen.bootstrap.unknown_fields:
        slip = bool(unknown.meant)
        yield kinds.FIELD_UNKNOWN.finding(
            BootstrapSubject(unknown.path),
            severity=Severity.WARNING if slip else Severity.INFO,
            title=f"gRPC ignores {unknown.path}; {unknown.meant} may be meant" if slip else "",
            fix=f"rename it to {unknown.meant}" if slip else "",
            path=unknown.path,
            evidence=(seen.at(unknown.path, "is no field of the bootstrap format"),),
        )


def listener_templates(seen: BootstrapEvidence) -> Iterator[Finding]:
    """The two templates that make resource names out of ports and hosts (gRFC A36, A47)."""
    bootstrap = seen.bootstrap
    if bootstrap.syntax is not None:
        return
    server = bootstrap.server_listener_resource_name_template
    name = "server_listener_resource_name_template"
    if not server and name not in bootstrap.document and bootstrap.for_istio:
        yield kinds.SERVER_TEMPLATE_MISSING.finding(BootstrapSubject(), evidence=(seen.at("", f"has no {name}"),))
    if server and "%s" not in server:
        yield _without_placeholder(seen, name, server, "every port of every server")
    client = bootstrap.client_default_listener_resource_name_template
    if client and "%s" not in client:
        yield _without_placeholder(seen, "client_default_listener_resource_name_template", client, EVERY_TARGET)


EVERY_TARGET: Final = "every target of every channel"


GOOGLE_TEMPLATE: Final = (
    "put %s where the address or target belongs, as in grpc/server?xds.resource.listening_address=%s"
)
"""The server template of Google's generator, as an example."""


def _without_placeholder(seen: BootstrapEvidence, path: str, template: str, all_of_them: str) -> Finding:
    return kinds.TEMPLATE_WITHOUT_PLACEHOLDER.finding(
        BootstrapSubject(path),
        fix=GOOGLE_TEMPLATE if seen.bootstrap.for_google else "",
        path=path,
        template=template,
        all_of_them=all_of_them,
        evidence=(seen.at(path, f"is {template!r}"),),
    )


def authority_templates(seen: BootstrapEvidence) -> Iterator[Finding]:
    """Federation (gRFC A47): the template of an authority must make names of that authority."""
    for authority in seen.bootstrap.authorities:
        template = authority.client_listener_resource_name_template
        path = f"{authority.path}.client_listener_resource_name_template"
        prefix = f"xdstp://{authority.name}/"
        if template and not template.startswith(prefix):
            yield kinds.AUTHORITY_TEMPLATE.finding(
                BootstrapSubject(path),
                authority=authority.name,
                prefix=prefix,
                template=template,
                evidence=(seen.at(path, f"is {template!r}"),),
            )
        elif template and "%s" not in template:
            yield _without_placeholder(seen, path, template, EVERY_TARGET)


def authorities(seen: BootstrapEvidence) -> Iterator[Finding]:
    """Federation (gRFC A47): an authority that is used must be defined."""
    bootstrap = seen.bootstrap
    defined = {authority.name for authority in bootstrap.authorities}
    for path in ("client_default_listener_resource_name_template", "server_listener_resource_name_template"):
        template = getattr(bootstrap, path)
        if not template.startswith("xdstp:"):
            continue
        wanted = template.removeprefix("xdstp:").removeprefix("//").partition("/")[0] if "//" in template else ""
        if wanted not in defined:
            yield kinds.AUTHORITY_UNDEFINED.finding(
                BootstrapSubject(path),
                authority=wanted,
                path=path,
                evidence=(
                    seen.at(path, f"is {template!r}"),
                    f"authorities defined: {', '.join(sorted(defined)) or 'none'}",
                ),
            )


def both_variables(seen: BootstrapEvidence) -> Iterator[Finding]:
    """Two bootstraps are offered and gRPC takes the file."""
    if seen.both_variables:
        yield kinds.BOTH_VARIABLES.finding(BootstrapSubject(), evidence=("both variables are set",))


RULES: Final[tuple[Rule[BootstrapEvidence], ...]] = (
    unreadable,
    both_variables,
    wrong_type,
    duplicate_key,
    unknown_field,
    *bootstrap_servers.RULES,
    *bootstrap_call_creds.RULES,
    *bootstrap_node.RULES,
    *bootstrap_providers.RULES,
    listener_templates,
    authority_templates,
    authorities,
)
"""All rules over a bootstrap, in the order a person would check."""
