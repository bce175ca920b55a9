"""Sums over profiles: dynamic thread-instructions by layer and kernel, by group and opcode."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from softbeam.network.device import Device
from softbeam.network.profile import LaunchProfile


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """Dynamic thread-instructions of one kernel in one layer.

    Attributes
    ----------
    layer : int or None
        Darknet's number of the layer; None for a sum over layers.
    kernel : str
        Short name; empty for a sum over kernels.
    launches : int
        How often it is launched.
    active : int
        Thread-instructions, predicated-off ones too: RF's fault space.
    executed : int
        Those that are not predicated off.
    writes : int
        Executed ones that write a general register: IOV's fault space.
    stores : int
        Executed ones that store; with `writes`, IOA's fault space.
    loaded_bytes, stored_bytes : int
        Bytes that executed ones ask of, and give to, global memory: threads times the width of
        the access, whichever cache answers.
    opcodes : mapping of str to int
        Executed ones by opcode with its modifiers.
    """

    layer: int | None
    kernel: str
    launches: int
    active: int
    executed: int
    writes: int
    stores: int
    loaded_bytes: int = 0
    stored_bytes: int = 0
    opcodes: Mapping[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as a dictionary."""
        return asdict(self)


def of_launch(device: Device, profile: LaunchProfile) -> ProfileRow:
    """Return the counts of one launch."""
    program = device.launch(profile.launch).program
    launch = device.plan.launches[profile.launch]
    active, executed = profile.totals[:, 0], profile.totals[:, 1]
    opcodes: Counter[str] = Counter()
    for instruction, count in zip(program.function.instructions, executed.tolist(), strict=True):
        if count:
            opcodes[instruction.name] += count
    return ProfileRow(
        layer=launch.layer,
        kernel=launch.kernel,
        launches=1,
        active=int(active.sum()),
        executed=int(executed.sum()),
        writes=int(executed[program.general].sum()),
        stores=int(executed[program.stores].sum()),
        loaded_bytes=int(executed @ program.loaded_bytes),
        stored_bytes=int(executed @ program.stored_bytes),
        opcodes=opcodes,
    )


def by_layer_and_kernel(device: Device, profiles: Mapping[int, LaunchProfile]) -> list[ProfileRow]:
    """Return a row for every kernel in every layer, in the order of the launches."""
    grouped: dict[tuple[int | None, str], list[ProfileRow]] = {}
    for number in sorted(profiles):
        row = of_launch(device, profiles[number])
        grouped.setdefault((row.layer, row.kernel), []).append(row)
    return [total(rows, layer, kernel) for (layer, kernel), rows in grouped.items()]


def total(rows: Iterable[ProfileRow], layer: int | None = None, kernel: str = "") -> ProfileRow:
    """Return the sum of rows, under a layer and kernel."""
    rows = list(rows)
    opcodes: Counter[str] = Counter()
    for row in rows:
        opcodes.update(row.opcodes)
    return ProfileRow(
        layer=layer,
        kernel=kernel,
        launches=sum(row.launches for row in rows),
        active=sum(row.active for row in rows),
        executed=sum(row.executed for row in rows),
        writes=sum(row.writes for row in rows),
        stores=sum(row.stores for row in rows),
        loaded_bytes=sum(row.loaded_bytes for row in rows),
        stored_bytes=sum(row.stored_bytes for row in rows),
        opcodes=dict(sorted(opcodes.items())),
    )


def opcode_counts(rows: Iterable[ProfileRow]) -> dict[str, int]:
    """Return executed thread-instructions by opcode, the most frequent first."""
    counts = total(rows).opcodes
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
