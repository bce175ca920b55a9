"""Networks: Darknet's ``.cfg`` and ``.weights`` to layers, plans of launches, the golden run.

Nothing heavy is imported here; weights, images and the golden run are in submodules of their own.
"""

from softbeam.network.catalogue import NETWORKS, Network, load_network
from softbeam.network.plan import Buffer, Launch, Plan, Pointer, Span

__all__ = ["NETWORKS", "Buffer", "Launch", "Network", "Plan", "Pointer", "Span", "load_network"]
