"""The vendor simulator: five recruiting APIs over HTTP, with a deterministic world behind them.

For the demo and the tests; nothing that reads real vendors imports it.

    world = World(seed=7, people=2000)
    with serve(world) as simulator:
        os.environ |= simulator.settings()
        ...
        world.advance(days=1)
"""

from simulator.exchange import Request
from simulator.faults import Fault
from simulator.limits import Limit
from simulator.service import Simulator, serve
from simulator.world import Campaign, World

__all__ = ["Campaign", "Fault", "Limit", "Request", "Simulator", "World", "serve"]
