"""What flows where in a program: written by hand, and in the SGEMM kernels on all architectures."""

from __future__ import annotations

import pytest
from support.architectures import on_all
from support.bench import program

from softbeam.emulator.flow import PREDICATES, flow_of
from softbeam.kernels import program as shipped
from softbeam.kernels.products import TILES

#: A thread loads two words, stores to shared memory under a guard, and adds what it loaded.
LINES = (
    "S2R R0, SR_TID.X",  # 0
    "IMAD.WIDE R2, R0, 0x4, c[0x0][0x210]",  # 1
    "LDG.E R4, [R2.64]",  # 2
    "LDG.E R5, [R2.64+0x4]",  # 3
    "ISETP.LT.AND P1, PT, R0, 0x10, PT",  # 4
    "SHF.L.U32 R6, R0, 0x2, RZ",  # 5
    "@P1 MOV R8, R6",  # 6
    "@P1 STS [R8], R4",  # 7
    "FFMA R7, R4, R5, R7",  # 8
    "STG.E [R2.64], R7",  # 9
    "EXIT",  # 10
)


def registers(bits: int) -> set[int]:
    return {number for number in range(256) if bits >> number & 1}


@pytest.fixture(scope="module")
def flow():
    found = flow_of(program(LINES))
    assert found is not None
    return found


class TestByHand:
    def test_what_is_live(self, flow) -> None:
        assert registers(flow.live[8]) == {2, 3, 4, 5, 7}
        assert registers(flow.live[9]) == {2, 3, 7}
        assert registers(flow.live[2]) >= {0, 2, 3, 7}
        assert flow.live[5] >> (PREDICATES + 1) & 1
        assert not flow.live[10]

    def test_what_steers(self, flow) -> None:
        # A factor of what is stored to global memory steers nothing; its address does.
        assert registers(flow.steering[8]) == {2, 3}
        # What is stored to shared memory does, and what decides the guard.
        assert registers(flow.steering[7]) == {2, 3, 4, 8}
        assert registers(flow.steering[4]) >= {0, 4}
        assert flow.steering_after(4) >> (PREDICATES + 1) & 1

    def test_a_register_that_is_written_and_used_under_one_guard(self, flow) -> None:
        assert 8 not in registers(flow.steering[6])
        assert registers(flow.steering[6]) == {2, 3, 4, 6}

    def test_what_holds_data(self, flow) -> None:
        assert registers(flow.data[2]) == set()
        assert registers(flow.data[8]) == {4, 5}
        assert registers(flow.data[9]) == {4, 5, 7}

    def test_stretches_end_where_control_flow_may(self, flow) -> None:
        assert set(flow.leader.tolist()) == {0}


def test_a_guard_that_is_written_between_is_another() -> None:
    lines = list(LINES)
    lines.insert(7, "ISETP.LT.AND P1, PT, R0, 0x8, PT")
    flow = flow_of(program(lines))
    assert flow is not None
    assert 8 in registers(flow.steering[6])


def test_a_loop_keeps_what_it_carries() -> None:
    flow = flow_of(
        program(
            (
                "MOV R4, RZ",
                "MOV R5, RZ",
                "again:",
                "IADD3 R4, R4, 0x1, RZ",
                "IADD3 R5, R5, R4, RZ",
                "ISETP.LT.AND P0, PT, R4, 0xa, PT",
                "@P0 BRA (again)",
                "STG.E [R2.64], R5",
                "EXIT",
            )
        )
    )
    assert flow is not None
    assert registers(flow.live[2]) == {2, 3, 4, 5}
    assert registers(flow.steering[2]) == {2, 3, 4}
    assert flow.leader.tolist() == [0, 0, 2, 2, 2, 2, 6, 6]


@pytest.mark.parametrize(
    "line",
    [
        "BRX R4",
        "RET.REL.NODEC R4 0x0",
        "ATOMG.E.ADD PT, R4, [R2.64], R5",
        "LDL R4, [R5]",
        "LD.E R4, [R2.64]",
        "CS2R R4, SR_CLOCKLO",
    ],
)
def test_programs_whose_flow_is_not_known(line: str) -> None:
    assert flow_of(program((line, "EXIT"))) is None


@on_all
@pytest.mark.parametrize("name", TILES)
def test_the_flow_of_a_product_is_known(name: str, architecture: str) -> None:
    code = shipped(name, architecture)
    flow = flow_of(code)
    assert flow is not None
    opcodes = [one.opcode for one in code.function.instructions]
    adds = [row for row, opcode in enumerate(opcodes) if opcode == "FFMA"]
    # No sum steers; every address of shared memory does.
    sums = [code.destinations[row][0] for row in adds]
    assert not any(flow.steering_after(row) >> one & 1 for row, one in zip(adds, sums, strict=True))
