"""A kind of finding: everything that is the same each time it is found, written once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from meshtui.model.finding import Area, Finding, Severity
from meshtui.model.subject import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """``title``, ``why`` and ``fix`` are templates of :meth:`str.format`; a rule gives the values.

    ``code`` is stable: it is in JSON and names the page. ``severity`` is the usual one; ``graded`` says in words when a
    rule gives another. ``covered_by`` are the codes of kinds that say the same thing better: beside one of those with
    a subject in common, a finding of this kind is left out.

    The rest is for the page alone, in Markdown: ``page`` explains at length and stands in the place of ``why``,
    ``seen`` says what the evidence is, ``page_fix`` is the way out where ``fix`` depends on too much of what was seen.
    """

    code: str
    area: Area
    severity: Severity
    title: str
    why: str
    fix: str
    seen: str
    graded: str = ""
    page: str = ""
    page_fix: str = ""
    covered_by: tuple[str, ...] = ()

    def finding(
        self,
        subject: Subject,
        *,
        evidence: Iterable[str],
        also: Iterable[Subject] = (),
        severity: Severity | None = None,
        title: str = "",
        fix: str = "",
        **values: object,
    ) -> Finding:
        """One finding of this kind. ``values`` fill the templates; text of the mesh in them is taken as it is.

        ``severity``, ``title`` and ``fix`` stand in the place of the kind's own where what was seen makes another one
        better. Raises ``KeyError`` when a template asks for a value that was not given.
        """
        return Finding(
            code=self.code,
            area=self.area,
            severity=self.severity if severity is None else severity,
            subject=subject,
            title=title or self.title.format_map(values),
            explanation=self.why.format_map(values),
            fix=fix or self.fix.format_map(values),
            evidence=tuple(evidence),
            also=tuple(also),
        )
