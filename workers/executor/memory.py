"""Ids that were seen, bounded, so that a repeat is known and what cannot be told is refused."""

from __future__ import annotations

from collections.abc import Collection

import msgspec


class Memory(msgspec.Struct, frozen=True, array_like=True):
    """The ids seen, each with the time until which it matters, and what was forgotten.

    ``until`` is milliseconds since the epoch, such as an action's expiry. Whatever is not
    ``known`` and matters longer than ``horizon`` was never seen; of the rest nobody can say.
    """

    known: dict[bytes, int] = msgspec.field(default_factory=dict)
    horizon: int = 0

    def forgets(self, until: int) -> bool:
        """Return whether an unknown id that matters ``until`` then could be a repeat."""
        return until <= self.horizon

    def with_id(
        self, identity: bytes, until: int, *, limit: int, keep: Collection[bytes] = ()
    ) -> tuple[Memory, tuple[bytes, ...]]:
        """Return the memory with one id more, and the ids that had to go for it.

        Those that matter least long go first; ids in ``keep`` stay, beyond ``limit`` if need be.
        """
        known = {**self.known, identity: until}
        horizon, gone = self.horizon, []
        while len(known) > limit:
            candidates = [known_id for known_id in known if known_id not in keep]
            if not candidates:
                break
            first = min(candidates, key=lambda known_id: known[known_id])
            horizon = max(horizon, known.pop(first))
            gone.append(first)
        return Memory(known, horizon), tuple(gone)
