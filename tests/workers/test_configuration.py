"""Laws of settings: order of sources, refusals by name, ranges, secrets by reference."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.cli.settings_page import settings_page
from workers.configuration import Configuration, Setting, catalogue, read_configuration
from workers.delivery_settings import DeliverySettings
from workers.errors import UsageError
from workers.settings import Settings

SETTINGS = {setting.key: setting for setting in catalogue()}


def read(
    environment: dict[str, str] | None = None,
    *,
    file: Path | None = None,
    options: dict[str, object] | None = None,
) -> Configuration:
    return read_configuration(environment=environment or {}, file=file, options=options)


def toml(directory: Path, text: str) -> Path:
    file = directory / "settings.toml"
    file.write_text(text, encoding="utf-8")
    return file


def refusal(
    environment: dict[str, str] | None = None,
    *,
    file: Path | None = None,
    options: dict[str, object] | None = None,
) -> str:
    with pytest.raises(UsageError) as refused:
        read(environment, file=file, options=options)
    return str(refused.value)


@pytest.fixture(autouse=True)
def _empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_without_any_source_the_settings_are_the_defaults_and_none_has_an_origin() -> None:
    found = read()

    assert found.settings == Settings()
    assert found.origins == {}


def test_each_source_wins_over_the_one_before_it(tmp_path: Path) -> None:
    file = toml(tmp_path, "[topics]\npartitions = 2\nreplication = 2\nprefix = 'file'\n")
    variables = {"PACEKEEPER_TOPICS_REPLICATION": "3", "PACEKEEPER_TOPICS_PREFIX": "variable"}

    found = read(variables, file=file, options={"topics.prefix": "option"})

    topics = found.settings.topics
    assert (topics.partitions, topics.replication, topics.prefix) == (2, 3, "option")
    assert found.origins == {
        "topics.partitions": str(file),
        "topics.replication": "PACEKEEPER_TOPICS_REPLICATION",
        "topics.prefix": "command line",
    }


def test_an_option_that_was_not_given_hides_nothing() -> None:
    found = read({"PACEKEEPER_TOPICS_PARTITIONS": "3"}, options={"topics.partitions": None})

    assert found.settings.topics.partitions == 3


def test_the_file_in_the_working_directory_is_read_unless_another_is_named(tmp_path: Path) -> None:
    (tmp_path / "pacekeeper.toml").write_text("[topics]\npartitions = 5\n", encoding="utf-8")
    other = toml(tmp_path, "[topics]\npartitions = 6\n")

    assert read().settings.topics.partitions == 5
    assert read({"PACEKEEPER_CONFIG": str(other)}).settings.topics.partitions == 6
    assert read({"PACEKEEPER_CONFIG": "nowhere"}, file=other).settings.topics.partitions == 6


def test_a_named_file_that_is_missing_is_refused_with_its_path(tmp_path: Path) -> None:
    assert str(tmp_path / "gone.toml") in refusal(file=tmp_path / "gone.toml")


def test_a_file_that_is_not_toml_is_refused_with_the_line(tmp_path: Path) -> None:
    assert "line 2" in refusal(file=toml(tmp_path, "[topics]\npartitions 3\n"))


@pytest.mark.parametrize(
    ("text", "unknown", "nearest"),
    [
        ("[topics]\npartition = 3\n", "topics.partition", "topics.partitions"),
        ("[brokr]\nbootstrap = 'a:1'\n", "brokr.bootstrap", "broker.bootstrap"),
        ("[broker]\npartitions = 3\n", "broker.partitions", "topics.partitions"),
        ("partitions = 3\n", "partitions", "topics.partitions"),
    ],
)
def test_an_unknown_key_of_the_file_is_refused_by_name_with_the_nearest_one(
    tmp_path: Path, text: str, unknown: str, nearest: str
) -> None:
    told = refusal(file=toml(tmp_path, text))

    assert unknown in told
    assert f"did you mean {nearest}?" in told


@pytest.mark.parametrize(
    ("unknown", "nearest"),
    [
        ("PACEKEEPER_BROKR", "PACEKEEPER_BROKER"),
        ("PACEKEEPER_BROKER_BOOTSTRAP", "PACEKEEPER_BROKER_"),
        ("PACEKEEPER_TOPIC_PARTITIONS", "PACEKEEPER_TOPICS_PARTITIONS"),
    ],
)
def test_an_unknown_variable_is_refused_by_name_with_the_nearest_one(
    unknown: str, nearest: str
) -> None:
    told = refusal({unknown: "1"})

    assert told.startswith(f"unknown variable {unknown};")
    assert nearest in told.partition("did you mean ")[2]


def test_variables_of_other_programs_and_of_the_embedded_broker_are_left_alone() -> None:
    told = read({"PATH": "/bin", "PACEKEEPERS": "x", "PACEKEEPER_DATA_DIR": "/data"})

    assert told.settings == read().settings


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PACEKEEPER_SERVICE_HOST", "10.0.0.1"),
        ("PACEKEEPER_SERVICE_PORT_HTTP", "80"),
        ("PACEKEEPER_PORT", "tcp://10.0.0.1:80"),
        ("PACEKEEPER_PORT_80_TCP", "tcp://10.0.0.1:80"),
        ("PACEKEEPER_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("PACEKEEPER_CONSOLE_PORT_80_TCP_PROTO", "tcp"),
    ],
)
def test_variables_that_kubernetes_makes_of_a_service_are_passed_over(
    variable: str, value: str
) -> None:
    assert read({variable: value}).origins == {}


def test_a_misspelt_port_is_not_taken_for_one_of_kubernetes() -> None:
    assert "did you mean PACEKEEPER_WEB_PORT?" in refusal({"PACEKEEPER_WEBB_PORT": "80"})


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_every_setting_can_be_set_by_its_variable_and_is_documented(setting: Setting) -> None:
    text = msgspec.to_builtins(setting.default)
    told = "true" if text is True else "false" if text is False else str(text)

    found = read({setting.variable: told})

    assert found.value(setting) == setting.default
    assert found.origins == {setting.key: setting.variable}
    assert setting.description.endswith((".", "itself."))


def limits() -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for key, setting in SETTINGS.items():
        low, high = setting.meta.ge, setting.meta.le
        found += [(key, low - 1)] if low is not None else []
        found += [(key, high + 1)] if high is not None else []
    return found


@pytest.mark.parametrize(("key", "beyond"), limits())
def test_a_value_beyond_its_range_is_refused_with_its_name_and_origin(
    key: str, beyond: float
) -> None:
    told = refusal({SETTINGS[key].variable: str(beyond)})

    assert told.startswith(f"{key} = ")
    assert SETTINGS[key].variable in told


def test_a_number_in_the_file_must_be_a_number_and_not_text(tmp_path: Path) -> None:
    assert "topics.partitions" in refusal(file=toml(tmp_path, "[topics]\npartitions = '3'\n"))


@given(st.text(min_size=1).filter(lambda text: not text.startswith(("env:", "file:"))))
def test_a_password_itself_is_refused_and_not_repeated(password: str) -> None:
    told = refusal(options={"broker.password": password})

    assert told == told.replace(f"'{password}'", "")
    assert "broker.password = *** (command line): env:NAME or file:PATH" in told


def test_a_variable_that_the_password_refers_to_may_look_like_ours(tmp_path: Path) -> None:
    file = toml(
        tmp_path,
        "[broker]\nsecurity = 'SASL_SSL'\nusername = 'a'\npassword = 'env:PACEKEEPER_SECRET'\n",
    )

    assert read({"PACEKEEPER_SECRET": "x"}, file=file).settings.broker.username == "a"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"broker.bootstrap": "kafka"}, "no host:port in 'kafka'"),
        ({"broker.bootstrap": "a:1,b:99999"}, "no host:port in 'b:99999'"),
        ({"broker.security": "SASL_SSL"}, "needs username and password"),
        ({"broker.username": "a"}, "sends no username"),
        ({"broker.ca_file": "x"}, "uses no certificates"),
        ({"broker.security": "SSL", "broker.key_file": "x"}, "key_file needs certificate_file"),
        ({"topics.replication": 2, "topics.min_insync_replicas": 3}, "must not exceed"),
        ({"delivery.session_timeout_seconds": 5, "delivery.heartbeat_seconds": 2}, "three times"),
    ],
)
def test_settings_that_contradict_each_other_are_refused_with_their_section(
    options: dict[str, object], problem: str
) -> None:
    told = refusal(options=options)

    assert problem in told
    assert next(iter(options)).partition(".")[0] in told


def test_addresses_of_several_brokers_and_of_ipv6_are_understood() -> None:
    broker = read(options={"broker.bootstrap": "a:1, [::1]:9092"}).settings.broker

    assert broker.servers == ("a:1", "[::1]:9092")


def test_settings_cannot_be_changed_once_they_are_built() -> None:
    with pytest.raises(AttributeError):
        DeliverySettings().dead_letter_run = 1  # type: ignore[misc]


def test_the_page_about_settings_is_the_one_made_from_the_types() -> None:
    page = Path(__file__).parents[2] / "docs" / "settings.md"

    assert page.read_text(encoding="utf-8") == settings_page(), (
        "write it again: pacekeeper config document > docs/settings.md"
    )
