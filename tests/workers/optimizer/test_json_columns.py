"""Objects written column by column are what a JSON library makes of them one by one."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from workers.optimizer.json_columns import as_json, objects

names = st.text(alphabet="abcdefghij_", min_size=1, max_size=12)
values = st.none() | st.integers(-(2**53), 2**53) | st.text() | st.lists(st.booleans())
rows = st.lists(names, unique=True, min_size=1, max_size=8).flatmap(
    lambda members: st.lists(st.fixed_dictionaries(dict.fromkeys(members, values)), min_size=1)
)


@given(rows)
def test_columns_and_dictionaries_make_the_same_canonical_text(
    rows: list[dict[str, object]],
) -> None:
    columns = {
        name: ["" if row[name] is None else as_json(row[name]) for row in rows] for name in rows[0]
    }
    expected = [
        orjson.dumps(
            {name: value for name, value in row.items() if value is not None},
            option=orjson.OPT_SORT_KEYS,
        ).decode()
        for row in rows
    ]
    assert objects(columns) == expected
