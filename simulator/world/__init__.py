"""A deterministic world of people looking for work, as five vendors record it."""

from simulator.world.hiring import Campaign
from simulator.world.world import World

__all__ = ["Campaign", "World"]
