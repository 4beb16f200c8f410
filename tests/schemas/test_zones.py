"""Time zones are those of the IANA database, the same on every machine."""

from __future__ import annotations

from importlib.resources import files

import pytest

from schemas.errors import Reason, SchemaError
from schemas.zones import check_zone, zone


def test_every_zone_of_the_iana_database_is_known() -> None:
    names = files("tzdata").joinpath("zones").read_text().split()
    known = [name for name in names if name != "Factory"]

    assert len(known) > 500
    for name in known:
        assert zone(name).key == name


@pytest.mark.parametrize(
    "name",
    ["", "CEST", "Europe", "Europe/", "Europe/Berlin ", "/etc/localtime", "../UTC", "localtime",
     "posixrules", "posix/Europe/Berlin", "right/UTC", "Factory", "+01:00", "a\x00b", "Z" * 10_000],
)  # fmt: skip
def test_what_is_no_zone_is_refused_for_its_field(name: str) -> None:
    with pytest.raises(SchemaError) as refusal:
        check_zone(name, "account_timezone")

    assert refusal.value.field == "account_timezone"
    assert refusal.value.reason is Reason.UNKNOWN_TIMEZONE
    assert len(str(refusal.value)) < 200
