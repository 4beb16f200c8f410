"""The main job on real input: auctions in a file that is not the project's and never committed."""

from __future__ import annotations

import csv
import os
from decimal import Decimal
from pathlib import Path

import pytest

from workers.importer.convert import Converter, Published
from workers.importer.run import Request, dry_run, reading

ROOT = Path(__file__).parents[3]
MAP = ROOT / "docs" / "examples" / "auctionnet.toml"
SHARED = Path(os.environ.get("PACEKEEPER_SHARED_DATA", ROOT.parent / "shared" / "data"))
FILE = SHARED / "auctionnet_hourly.csv"

pytestmark = pytest.mark.skipif(
    not FILE.is_file(),
    reason=f"{FILE} is not there; name its folder in PACEKEEPER_SHARED_DATA",
)


@pytest.fixture(scope="module")
def lines() -> list[dict[str, str]]:
    with FILE.open(newline="") as file:
        return list(csv.DictReader(file))


def request_for(folder: Path) -> Request:
    return Request(path=FILE, map_name=str(MAP), replay=True, refused_path=folder / "refused.csv")


def test_every_row_is_an_event_and_spend_is_the_files_to_the_last_digit(
    tmp_path: Path, lines: list[dict[str, str]]
) -> None:
    with reading(request_for(tmp_path)) as source:
        tally = dry_run(source, lambda _: None)
    assert (tally.accepted, tally.refused.total(), tally.out_of_order) == (len(lines), 0, 0)
    assert len(tally.campaigns) == len({line["campaign_id"] for line in lines})
    assert tally.spend == {"CNY": sum(Decimal(line["spend"]) for line in lines)}


def test_each_event_says_what_its_row_says(tmp_path: Path, lines: list[dict[str, str]]) -> None:
    with reading(request_for(tmp_path)) as source:
        results = list(Converter(source.binding, replay=True).convert(source.table.rows))
    for line, result in zip(lines, results, strict=True):
        assert isinstance(result, Published)
        event = result.event
        assert (event.campaign_id, event.window_start.strftime("%Y-%m-%dT%H:00:00Z")) == (
            line["campaign_id"],
            line["hour_start"],
        )
        assert (event.impressions, event.spend) == (
            int(line["impressions"]),
            Decimal(line["spend"]),
        )
        assert event.conversions == int(line["conversions"])
