"""docs/clients.md says what the code knows, and each entry says where it is from."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshtui.model.xds.clients import Language
from meshtui.model.xds.feature_table import FEATURES
from meshtui.model.xds.features import Feature
from meshtui.present.client_page import page

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_fresh() -> None:
    assert (DOCS / "clients.md").read_text(encoding="utf-8") == page(), "run `make clients`"


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_each_entry_names_its_source(feature: Feature) -> None:
    assert feature.grfc.startswith("A")
    assert feature.where
    assert feature.instead
    if feature.never:
        assert feature.source
    else:
        assert set(feature.support) == set(Language) - {Language.OTHER}


def test_each_feature_is_named_once() -> None:
    assert len({feature.name for feature in FEATURES}) == len(FEATURES)
