"""A run as the text of a file: JSON with everything, or CSV of its course over time."""

from __future__ import annotations

from pathlib import Path

from meshtui.doctor.explain.catalogue import known_error
from meshtui.model.clock import utc_now
from meshtui.model.errors import BadInput
from meshtui.present.documents.echo import run_csv, run_json
from meshtui.present.documents.xds import file_name
from meshtui.session.echo.state import EchoState


def export_text(state: EchoState, path: Path) -> str:
    """The run in the form that the name's ending asks for. Raises ``BadInput`` for another ending."""
    if path.name.endswith(".csv"):
        return run_csv(state.tally)
    if path.name.endswith(".json"):
        return run_json(
            state.spec,
            state.tally,
            state.assessment,
            state.epochs,
            state.started or utc_now(),
            lambda sample: known_error(sample).explanation,
        )
    raise BadInput(f"{path.name} is neither .json nor .csv.", "end the name with one of them")


def suggested_name(state: EchoState) -> str:
    """``echo-client-20260801-100000.json``."""
    return file_name("echo", state.probe, f"{state.started:%Y%m%d-%H%M%S}" if state.started else "")
