"""Reports as platforms write them, read with the built-in maps."""

from __future__ import annotations

import gzip
import re
from decimal import Decimal
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest
from pyarrow import parquet

from schemas import decode_metrics
from workers.errors import UsageError, WorkerError
from workers.importer.binding import choose
from workers.importer.convert import Converter, Published
from workers.importer.mapping import built_in_names, load_map
from workers.importer.refusals import Refusal
from workers.importer.run import Request, dry_run, reading

REPORTS = Path(__file__).parent / "reports"


def report(name: str) -> str:
    return (REPORTS / f"{name}.csv").read_text(encoding="utf-8")


GOOGLE_UI = report("google_ads_ui")
GOOGLE_API = report("google_ads_api")
META_API = report("meta_api")
META_UI = report("meta_ui")
AMAZON = report("amazon_marketing_stream")
GENERIC = report("generic")


def request(path: Path, **given: object) -> Request:
    return Request(path=path, refused_path=path.with_suffix(".refused.csv"), **given)  # type: ignore[arg-type]


def convert(
    folder: Path, text: str | bytes, name: str = "report.csv", **given: object
) -> list[Published | Refusal]:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with reading(request(path, **given)) as source:
        converter = Converter(source.binding, replay=source.request.replay)
        return list(converter.convert(source.table.rows))


def wire(result: Published | Refusal) -> dict[str, object]:
    """What a reader of the topic finds; the key and the value must agree and decode."""
    assert isinstance(result, Published), result
    decoded = decode_metrics(result.value)
    assert not decoded.unknown_fields
    fields = msgspec.json.decode(result.value)
    assert result.key.decode() == ":".join(
        fields[name] for name in ("platform", "account_id", "campaign_id")
    )
    assert isinstance(fields, dict)
    return fields


def test_a_google_report_from_the_ui_is_read(tmp_path: Path) -> None:
    first, second = convert(tmp_path, GOOGLE_UI, constants={}, map_name="")[:2]
    fields = wire(first)
    assert fields["platform"] == "google"
    assert fields["window_start"] == "2026-11-01T23:00:00Z"
    assert (fields["impressions"], fields["clicks"]) == (1204, 31)
    assert (fields["spend"], fields["conversions"]) == ("1045.37", "2.50")
    # Clicks of the second row are "--": it says nothing, and nothing is made up.
    assert isinstance(second, Refusal)
    assert (second.row, second.field, second.reason) == (5, "clicks", "missing")


def test_sums_over_rows_are_passed_over(tmp_path: Path) -> None:
    assert len(convert(tmp_path, GOOGLE_UI)) == 2


def test_a_google_report_with_the_apis_names_is_read(tmp_path: Path) -> None:
    (only,) = convert(tmp_path, GOOGLE_API)
    fields = wire(only)
    assert fields["window_start"] == "2026-11-01T04:00:00Z"
    assert (fields["spend"], fields["revenue"]) == ("45.370001", "99.9")


def test_meta_insights_are_read_in_the_accounts_zone(tmp_path: Path) -> None:
    results = convert(tmp_path, META_API, constants={"account_timezone": "Europe/Zurich"})
    first, second = map(wire, results)
    assert first["window_start"] == "2026-11-02T01:00:00Z"
    assert (first["conversions"], first["revenue"], first["currency"]) == ("3", "99.90", "EUR")
    assert "conversions" not in second
    assert second["spend"] == "0.12"


def test_the_currency_may_stand_in_a_header(tmp_path: Path) -> None:
    given = {"account_timezone": "Europe/Zurich", "account_id": "act_7"}
    (only,) = convert(tmp_path, META_UI, constants=given)
    assert (wire(only)["currency"], wire(only)["spend"]) == ("CHF", "45.37")


def test_a_local_report_without_the_accounts_zone_is_refused_with_what_to_give(
    tmp_path: Path,
) -> None:
    with pytest.raises(UsageError, match="account_timezone") as caught:
        convert(tmp_path, META_API)
    assert "--set account_timezone=VALUE" in caught.value.remedy


def test_amazons_rows_are_deltas_that_may_be_negative(tmp_path: Path) -> None:
    traffic, correction, sale = map(wire, convert(tmp_path, AMAZON))
    assert {row["record_mode"] for row in (traffic, correction, sale)} == {"delta"}
    assert [row["event_id"] for row in (traffic, correction, sale)] == ["t-1", "t-2", "s-1"]
    assert correction["spend"] == "-0.8000"
    assert (sale["impressions"], sale["conversions"], sale["revenue"]) == (0, "1", "24.99")


def test_our_own_names_are_read(tmp_path: Path) -> None:
    (only,) = convert(tmp_path, GENERIC)
    fields = wire(only)
    assert fields["window_start"] == "2026-11-02T06:00:00Z"
    assert (fields["spend"], fields["is_final"]) == ("3.210000", True)


@pytest.mark.parametrize(
    ("text", "name", "constants"),
    [
        (GOOGLE_UI, "google-ads", {}),
        (GOOGLE_API, "google-ads", {}),
        (META_API, "meta", {"account_timezone": "UTC"}),
        (AMAZON, "amazon-marketing-stream", {}),
        (GENERIC, "generic", {}),
    ],
)
def test_a_file_finds_its_map_by_itself(
    tmp_path: Path, text: str, name: str, constants: dict[str, str]
) -> None:
    path = tmp_path / "report.csv"
    path.write_text(text)
    with reading(request(path, constants=constants)) as source:
        assert source.binding.name == name


def test_every_built_in_map_is_sound() -> None:
    assert set(built_in_names()) == {
        "google-ads",
        "meta",
        "amazon-marketing-stream",
        "generic",
    }
    assert all(load_map(name).about for name in built_in_names())


@pytest.mark.parametrize("kind", ["gzip", "utf-16", "semicolons", "parquet", "bom"])
def test_a_file_says_the_same_in_every_form(tmp_path: Path, kind: str) -> None:
    (plain,) = convert(tmp_path, GENERIC)
    header, row = (line.split(",") for line in GENERIC.splitlines())
    forms = {
        "gzip": gzip.compress(GENERIC.encode()),
        "utf-16": GENERIC.replace(",", "\t").encode("utf-16"),
        "semicolons": GENERIC.replace(",", ";").encode(),
        "bom": GENERIC.encode("utf-8-sig"),
    }
    if kind == "parquet":
        path = tmp_path / "report.bin"
        parquet.write_table(pa.table({n: [v] for n, v in zip(header, row, strict=True)}), path)
        forms["parquet"] = path.read_bytes()
    (other,) = convert(tmp_path, forms[kind], name="report.bin")
    assert wire(other) == wire(plain)


def test_typed_columns_of_a_parquet_file_keep_their_values(tmp_path: Path) -> None:
    path = tmp_path / "typed.parquet"
    columns = {
        "platform": ["meta"],
        "account_id": ["7"],
        "campaign_id": ["c"],
        "window_start": pa.array([1_793_689_200_000_000], pa.timestamp("us", tz="UTC")),
        "impressions": pa.array([1200], pa.int64()),
        "clicks": pa.array([31.0], pa.float64()),
        "spend": pa.array([Decimal("45.3701")], pa.decimal128(12, 4)),
        "revenue": pa.array([0.1], pa.float64()),
    }
    parquet.write_table(pa.table(columns), path)
    (only,) = convert(tmp_path, path.read_bytes())
    fields = wire(only)
    assert fields["window_start"] == "2026-11-03T07:00:00Z"
    assert (fields["clicks"], fields["spend"], fields["revenue"]) == (31, "45.3701", "0.1")


def test_a_row_that_another_would_replace_is_refused(tmp_path: Path) -> None:
    row = GENERIC.splitlines()[1]
    _, second = convert(tmp_path, GENERIC + row.replace("3210000", "1"))
    assert isinstance(second, Refusal)
    assert (second.reason, second.row) == ("repeated_row", 3)


def test_versions_of_an_hour_are_no_repetition(tmp_path: Path) -> None:
    header, row = GENERIC.splitlines()
    text = f"{header},sequence_number\n{row},1\n{row},2\n"
    assert all(isinstance(result, Published) for result in convert(tmp_path, text))


def test_replay_says_that_each_hour_was_told_at_its_end(tmp_path: Path) -> None:
    (only,) = convert(tmp_path, GENERIC, replay=True)
    assert wire(only)["emitted_at"] == "2026-11-02T07:00:00Z"


@pytest.mark.parametrize(
    ("column", "value", "field", "reason"),
    [
        ("impressions", "many", "impressions", "wrong_type"),
        ("impressions", "", "impressions", "missing"),
        ("clicks", "-1", "clicks", "negative"),
        ("cost_micros", "NaN", "spend", "not_finite"),
        ("revenue", "1e40", "revenue", "out_of_range"),
        ("conversions", "0.0000001", "conversions", "too_many_decimals"),
        ("currency", "EUX", "currency", "unknown_currency"),
        ("account_id", "a:b", "account_id", "invalid_name"),
        ("window_start", "2026-11-02T07:00:00", "window_start", "naive_time"),
        ("window_start", "2026-11-02T07:20:00Z", "window_start", "not_one_hour"),
        ("window_start", "soon", "window_start", "invalid_time"),
        ("is_final", "maybe", "is_final", "wrong_type"),
    ],
)
def test_a_bad_cell_refuses_its_row_and_no_other(
    tmp_path: Path, column: str, value: str, field: str, reason: str
) -> None:
    header, row = (line.split(",") for line in GENERIC.splitlines())
    bad = [value if name == column else cell for name, cell in zip(header, row, strict=True)]
    good = [
        ("c-2" if name == "campaign_id" else cell) for name, cell in zip(header, row, strict=True)
    ]
    text = "\n".join(",".join(cells) for cells in (header, bad, good))
    first, second = convert(tmp_path, text)
    assert isinstance(first, Refusal)
    assert (first.row, first.field, first.reason) == (2, field, reason)
    assert isinstance(second, Published)


def test_a_row_with_too_few_cells_is_refused(tmp_path: Path) -> None:
    (only,) = convert(tmp_path, GENERIC.splitlines()[0] + "\nlinkedin,5\n")
    assert isinstance(only, Refusal)
    assert "2 cells" in only.detail


def test_refused_rows_can_be_mended_and_published(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_text(GENERIC.replace(",100,", ",many,"))
    with reading(request(path)) as source:
        tally = dry_run(source, lambda _: None)
    assert (tally.accepted, dict(tally.refused)) == (0, {"wrong_type": 1})
    refused = path.with_suffix(".refused.csv").read_text()
    assert "must be a number" in refused
    mended = tmp_path / "mended.csv"
    mended.write_text(refused.replace(",many,", ",100,"))
    with reading(request(mended)) as source:
        assert dry_run(source, lambda _: None).accepted == 1


def test_a_clean_run_leaves_no_refused_rows_of_an_earlier_one(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_text(GENERIC)
    path.with_suffix(".refused.csv").write_text("old")
    with reading(request(path)) as source:
        dry_run(source, lambda _: None)
    assert not path.with_suffix(".refused.csv").exists()


def test_a_file_that_fits_no_map_is_told_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_text(GENERIC.replace("account_id", "konto"))
    with (
        pytest.raises(UsageError, match="generic comes nearest, but there is no account_id"),
        reading(request(path)),
    ):
        pass


def test_the_sample_in_the_documentation_is_read_as_it_stands(tmp_path: Path) -> None:
    page = Path(__file__).parents[3] / "docs" / "reports.md"
    (sample,) = re.findall(r"```csv\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)

    first, second = map(wire, convert(tmp_path, sample))

    assert (first["spend"], first["clicks"]) == ("177.09", 412)
    assert second["window_start"] == "2026-03-02T09:00:00Z"


def unfit(folder: Path, text: str) -> str:
    """What is said of a report that no map fits."""
    path = folder / "report.csv"
    path.write_text(text)
    with pytest.raises(UsageError) as refused, reading(request(path)):
        pass
    return str(refused.value)


def test_only_what_a_whole_file_has_in_common_is_offered_to_be_set_for_all_rows(
    tmp_path: Path,
) -> None:
    account = unfit(tmp_path, GENERIC.replace("account_id", "konto"))
    numbers = unfit(tmp_path, GENERIC.replace("impressions", "views"))
    both = unfit(tmp_path, GENERIC.replace("impressions", "views").replace("platform", "where"))

    assert "--set account_id=VALUE, or describe its columns" in account
    assert "--set" not in numbers
    assert "--set platform=VALUE, and describe its columns" in both


def test_a_file_that_fits_no_map_is_told_the_columns_that_it_has(tmp_path: Path) -> None:
    told = unfit(tmp_path, GENERIC.replace("impressions", "views"))

    assert "Its columns: platform, account_id, campaign_id, window_start, views, clicks," in told
    wide = ",".join(f"c{number}" for number in range(1000))
    assert unfit(tmp_path, f"{wide}\n").count(", c") == 29


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"\xff\xfe\x00", "cannot be read"),
        (gzip.compress(GENERIC.encode() * 500)[:-40], "cannot be read after line"),
        (b"PAR1nothing", "not readable as Parquet"),
        (GENERIC.encode() + b"\x93\n", "cannot be read after line"),
    ],
)
def test_a_broken_file_says_so(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "report.csv"
    path.write_bytes(content)
    with pytest.raises(WorkerError, match=problem), reading(request(path)) as source:
        dry_run(source, lambda _: None)


def test_a_missing_file_and_a_missing_map_say_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"), reading(request(tmp_path / "no.csv")):
        pass
    with pytest.raises(UsageError, match="cannot read the map"):
        load_map(str(tmp_path / "no.toml"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("about = 1", "about"),
        ("about = ''\n[time]\nstart = 'a'\n[fields]\nspent = 'x'", "spent"),
        ("about = ''\n[time]\n", "either start"),
        ("about = ''\n[time]\nstart = 'a'\nstrat = 'b'", "strat"),
        ("about = [", "wrong"),
        ("about = ''\n[time]\nstart = 'a'\n[numbers]\ndecimal = ','\nthousands = ','", "the same"),
    ],
)
def test_a_map_that_is_wrong_says_where(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "map.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=problem):
        load_map(str(path))


def test_a_constant_stands_above_its_column(tmp_path: Path) -> None:
    (only,) = convert(tmp_path, GENERIC, constants={"currency": "USD"})
    assert wire(only)["currency"] == "USD"


def test_a_constant_that_is_no_field_is_refused_by_name() -> None:
    head = [(1, GENERIC.splitlines()[0].split(","))]
    with pytest.raises(UsageError, match="--set money"):
        choose(head, {"money": "1"})
