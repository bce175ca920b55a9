"""Sums over profiles against the fault spaces, which count the same in another way."""

from __future__ import annotations

from softbeam.faults.space import FaultSpace
from softbeam.network.counts import by_layer_and_kernel, of_launch, opcode_counts, total


def test_rows_are_the_sizes_of_the_fault_spaces(tiny) -> None:
    rows = by_layer_and_kernel(tiny.device, tiny.profiles)
    launches = tiny.plan.launches
    for row in rows:
        numbers = [
            number
            for number in tiny.profiles
            if (launches[number].layer, launches[number].kernel) == (row.layer, row.kernel)
        ]
        assert row.launches == len(numbers)
        sizes = {
            mode: FaultSpace(tiny.device, tiny.profiles, mode, numbers).size
            for mode in ("rf", "iov", "ioa")
        }
        assert sizes == {"rf": row.active, "iov": row.writes, "ioa": row.writes + row.stores}
        assert row.executed <= row.active
        assert sum(row.opcodes.values()) == row.executed
    assert {row.kernel for row in rows} == {
        launch.kernel for launch in launches if launch.kernel != "gemm"
    }


def test_rows_come_in_the_order_of_the_launches(tiny) -> None:
    rows = by_layer_and_kernel(tiny.device, dict(reversed(tiny.profiles.items())))
    places = [(row.layer, row.kernel) for row in rows]
    launches = [tiny.plan.launches[number] for number in sorted(tiny.profiles)]
    assert places == list(dict.fromkeys((one.layer, one.kernel) for one in launches))


def test_totals_add_up(tiny) -> None:
    launches = [of_launch(tiny.device, profile) for profile in tiny.profiles.values()]
    whole = total(launches)
    assert total(by_layer_and_kernel(tiny.device, tiny.profiles)) == whole
    assert (whole.layer, whole.kernel, whole.launches) == (None, "", len(tiny.profiles))
    assert whole.active == sum(row.active for row in launches)
    counts = opcode_counts(launches)
    assert sum(counts.values()) == whole.executed
    assert list(counts.values()) == sorted(counts.values(), reverse=True)
    assert counts["EXIT"] == sum(row.opcodes["EXIT"] for row in launches)
    assert total([]).launches == 0


def test_a_store_is_counted_once_for_each_thread_that_stores(tiny) -> None:
    # Of fill's threads those below n store one word each.
    row = of_launch(tiny.device, tiny.profiles[0])
    (span,) = tiny.plan.launches[0].writes
    assert row.kernel == "fill"
    assert row.stores == span.words
    assert row.as_dict()["stores"] == span.words
