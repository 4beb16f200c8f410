"""Keys name campaigns, and nothing else names the same one."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import CampaignKey, Reason, SchemaError, account_key, campaign_key, parse_campaign_key
from schemas.keys import check_key

# Two of them and a colon are one name, of 128 bytes at most; a character takes up to four.
printable = st.text(
    st.characters(categories=["L", "N", "P", "S"], exclude_characters=":"), min_size=1, max_size=15
)
platforms = st.from_regex(r"[a-z][a-z0-9_-]{0,20}", fullmatch=True)


@given(platforms, printable, printable, printable)
def test_a_key_reads_back_as_the_names_it_was_made_of(
    platform: str, account: str, campaign: str, more: str
) -> None:
    key = campaign_key(platform, account, f"{campaign}:{more}")

    parsed = parse_campaign_key(key)

    assert parsed == CampaignKey(platform, account, f"{campaign}:{more}")
    assert bytes(parsed) == key
    assert key.startswith(account_key(platform, account) + b":")


@pytest.mark.parametrize(
    "key",
    [
        b"",
        b"google",
        b"google:1",
        b"google::1",
        b":1:2",
        b"google:1:",
        b"Google:1:2",
        b"google: 1:2",
        b"google:1:2 ",
        b"google:1:\x00",
        b"google:1:\xff",
        b"google:1:" + b"x" * 129,
        b"google:1:" + "ü".encode() * 65,
    ],
    ids=repr,
)
def test_what_is_no_campaign_key_is_refused(key: bytes) -> None:
    with pytest.raises(SchemaError) as refusal:
        parse_campaign_key(key)

    assert (refusal.value.field, refusal.value.reason) == ("key", Reason.INVALID_KEY)


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_but_a_schema_error(key: bytes) -> None:
    with suppress(SchemaError):
        assert bytes(parse_campaign_key(key)) == key


def test_names_of_128_bytes_are_the_longest() -> None:
    longest = "ü" * 64

    assert parse_campaign_key(campaign_key("google", longest, longest)).account_id == longest


def test_a_key_may_be_missing_but_must_not_contradict_the_value() -> None:
    check_key(None, b"google:1:2")
    check_key(b"", b"google:1:2")
    check_key(b"google:1:2", b"google:1:2")
    with pytest.raises(SchemaError) as refusal:
        check_key(b"google:1:3", b"google:1:2")

    assert (refusal.value.field, refusal.value.reason) == ("key", Reason.KEY_MISMATCH)
