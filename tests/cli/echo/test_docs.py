"""``docs/headless.md`` names every option and every key of ``meshtui echo``."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import click

from meshtui.cli.echo import ECHO_FORMATS, echo
from meshtui.cli.echo.report import batch_document, echo_document
from meshtui.cli.options import PARAMETERS, target_options
from meshtui.model.echo.batch import Batch, BatchReply, ReplyKind, account
from meshtui.model.echo.spec import EchoRequestSpec
from meshtui.model.echo.tally import TallyCounter
from meshtui.model.split.counts import SplitCounts
from meshtui.model.split.epochs import SplitBook
from meshtui.model.split.typed import parse_expectation
from meshtui.session.echo.state import BatchRecord, EchoState

PAGE = (Path(__file__).parents[3] / "docs" / "headless.md").read_text()
AT = datetime(2026, 3, 1, tzinfo=UTC)


def section() -> str:
    """The page's part on this command."""
    (text,) = re.findall(r"^## `meshtui echo .*?(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert isinstance(text, str)
    return text


def names(text: str) -> set[str]:
    """Every word within code."""
    return {word for code in re.findall(r"`([^`]+)`", text) for word in re.findall(r"[a-z0-9_]+", code)}


def test_every_option_is_named() -> None:
    shared = {name for parameter in getattr(target_options()(lambda: None), PARAMETERS) for name in parameter.opts}
    own = {name for parameter in echo.params if isinstance(parameter, click.Option) for name in parameter.opts}
    for option in sorted(own - shared - {"--output"}):
        assert re.search(rf"`{re.escape(option)}\b", section()), option
    for option in sorted(shared & own):
        assert option in PAGE, option
    assert set(ECHO_FORMATS) <= names(section())


def test_every_key_is_named() -> None:
    counter = TallyCounter(2)
    counter.add(
        account(
            Batch(number=1, count=2, qps=0, timeout_s=5.0),
            BatchReply(ReplyKind.REFUSED, error="1/2 requests had errors"),
        ),
        AT,
    )
    book = SplitBook.open(parse_expectation("v1=20,v2=80"), AT).record(SplitCounts({"v1": 1, "v2": 1}), AT)
    state = EchoState(
        EchoRequestSpec("xds:///echo:7070"), tally=counter.look(), assessment=book.assess(), epochs=book.epochs
    )
    data = echo_document("here", state, from_config=True)
    (error,), (epoch,) = data["errors"], data["epochs"]
    line = batch_document(BatchRecord(number=1, started=AT, ended=AT, sent=2, split=SplitCounts()))
    keys = {*data, *error, *epoch, *data["expectation"], *line} - {"schema", "target"}
    assert keys <= names(section()), keys - names(section())
