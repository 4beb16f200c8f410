"""The call that makes a change: by the owner of the order alone, up to the last moment."""

from __future__ import annotations

from workers.connectors.last_check import Withdrawn, only_while
from workers.connectors.protocol import Receipt, State
from workers.executor.live.order import Order
from workers.executor.live.ports import NotOwner, Platform, Ports


async def applied(ports: Ports, platform: Platform, order: Order, state: State) -> Receipt:
    """Make the change by one attempt on the wire.

    Raises
    ------
    NotOwner
        The lease was over when all was ready to be written, so nothing was; the order is open.
    ConnectorError
        By what became of it.
    """
    try:
        with only_while(lambda: ports.ownership.may_act(order)):
            return await platform.apply(order.change, state)
    except Withdrawn:
        raise NotOwner(order.action_id) from None
