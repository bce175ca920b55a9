"""Never read and overwritten, decided exactly: against brute force and against the listing."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from support.architectures import FAST

from softbeam.emulator.core import layout as k
from softbeam.emulator.ending import COMPLETED, NEVER_READ, OVERWRITTEN
from softbeam.emulator.execution import new_state
from softbeam.emulator.launching import Runner
from softbeam.emulator.vector import no_fault
from softbeam.faults.models import Change
from softbeam.faults.site import FaultSite
from softbeam.injection.strike import strike

BUDGET = 100_000


def steps(runner: Runner, launch, site: FaultSite) -> list[tuple[int, int]]:
    """Return row and occurrence of every instruction that the struck thread passes."""
    state = new_state(1, trace_steps=BUDGET)
    warp = site.thread // 32
    ending = runner.run(
        launch,
        site.block,
        warp,
        budget=BUDGET,
        fault=no_fault(),
        traced=site.thread,
        state=state,
    )
    counts: Counter[str] = Counter()
    passed = []
    for row in state.trace_row[: ending.information[k.INFO_TRACE]].tolist():
        passed.append((row, counts[row]))
        counts[row] += 1
    return passed


def executes(runner: Runner, launch, site: FaultSite, row: int, occurrence: int) -> bool:
    """Return whether the thread executes an instruction, by a harmless fault in all that do."""
    fault = no_fault()
    fault[k.FAULT_KIND] = k.FAULT_AFTER
    fault[k.FAULT_WARP], fault[k.FAULT_LANE] = divmod(site.thread, 32)
    fault[k.FAULT_ROW], fault[k.FAULT_OCCURRENCE] = row, occurrence
    fault[k.FAULT_REGISTER], fault[k.FAULT_REPLACES], fault[k.FAULT_VALUE] = 254, 1, 0x5EED
    fault[k.FAULT_WARP_WIDE] = 1
    ending = runner.run(launch, site.block, site.thread // 32, budget=BUDGET, fault=fault)
    return int(ending.information[k.INFO_AFTER]) == 0x5EED


#: How Blackwell names instructions on pairs of registers.
WIDE = {"64", "U64", "S64"}


def uses(text: str, register: int) -> tuple[bool, bool]:
    """Return whether an instruction reads and writes a register, from its text alone."""
    body = re.sub(r"^@!?U?P\w+ ", "", text)
    opcode, _, rest = body.partition(" ")
    parts = opcode.split(".")
    operands = [part.strip() for part in rest.split(", ")]
    target = ""
    if parts[0] not in ("STG", "RET", "BRX", "BRA", "CALL", "EXIT", "ISETP", "FSETP", "FCHK"):
        while operands and re.fullmatch(r"!?U?P[0-9T]", operands[0]):
            operands.pop(0)
        target = operands.pop(0) if operands else ""
    wide = {"64": 2, "128": 4, "WIDE": 2}
    words = next((wide[part] for part in parts[1:] if part in wide), 1)
    read = set()
    registers = [re.findall(r"\bR(\d+)\b", operand) for operand in operands]
    for number, (operand, found) in enumerate(zip(operands, registers, strict=True)):
        for first in map(int, found):
            # sm_75 writes [R2] for the pair that the others write [R2.64].
            pair = "[" in operand and "E" in parts and f"R{first}.U32" not in operand
            count = 2 if pair or parts[0] in ("RET", "BRX") else 1
            # 64-bit integers of Blackwell.
            if parts[0] in ("IADD", "MOV", "SEL", "IMNMX", "ISETP") and WIDE & set(parts):
                count = 2
            if parts[0] == "IMAD" and number == 2 and {"WIDE", "HI"} & set(parts):
                count = 2
            if parts[0] == "STG" and number == 1:
                count = words
            read |= set(range(first, first + count))
    written = re.fullmatch(r"R(\d+)", target)
    writes = range(int(written[1]), int(written[1]) + words) if written else range(0)
    return register in read, register in writes


def fate_by_listing(runner: Runner, launch, site: FaultSite) -> int:
    """Return what happens first to the struck register, looking only at the listing's text."""
    texts = [str(instruction) for instruction in launch.program.function.instructions]
    passed = steps(runner, launch, site)
    for row, occurrence in passed[passed.index((site.pc // 16, site.occurrence)) :]:
        reads, writes = uses(texts[row], site.register)
        if (reads or writes) and executes(runner, launch, site, row, occurrence):
            return COMPLETED if reads else OVERWRITTEN
    return NEVER_READ


@pytest.mark.slow
@pytest.mark.parametrize("architecture", FAST)
def test_the_listing_says_the_same(make_example, architecture: str) -> None:
    example = make_example("tiny", architecture)
    injector, runner = example.injector("fates"), Runner()
    fates: Counter[str] = Counter()
    for index in range(1600):
        site = injector.site("rf", "single-bit", index)
        launch = example.device.launch(site.launch)
        if launch.program.has_barrier:
            # A block is traced as a whole (test_block_strike.py follows registers there).
            continue
        # A thread that executes other instructions than without fault must have read it first.
        name = strike(example.device, runner, site, example.profiles[site.launch].longest).ending
        fate = name if name in (NEVER_READ, OVERWRITTEN) else COMPLETED
        assert fate == fate_by_listing(runner, launch, site), site
        fates[fate] += 1
    assert min(fates[NEVER_READ], fates[OVERWRITTEN], fates[COMPLETED]) > 30, fates


@pytest.mark.slow
def test_an_unread_register_may_hold_anything(tiny, make_brute_force) -> None:
    injector, brute = tiny.injector("anything"), make_brute_force("tiny")
    unread = 0
    for index in range(300):
        site = injector.site("rf", "random-value", index)
        longest = tiny.profiles[site.launch].longest
        if strike(tiny.device, injector.runner, site, longest).finished:
            continue
        for value in (0, 1, 0x7FC00000, 0xFFFFFFFF):
            same = replace(site, change=Change(value, True, None))
            name = strike(tiny.device, injector.runner, same, longest).ending
            if name not in (NEVER_READ, OVERWRITTEN):
                break
            brute.memory[:] = brute.snapshots[site.launch]
            assert brute.step(site.launch, same).finished
            assert np.array_equal(brute.memory, brute.snapshots[site.launch + 1]), same
        else:
            unread += 1
    assert unread > 150
