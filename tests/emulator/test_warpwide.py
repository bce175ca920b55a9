"""What lanes do together: shuffles, votes, matches, reductions, and predicates as bits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from support.bench import execute
from support.cases import M32, signed

RNG = np.random.default_rng(30)
WORDS = RNG.integers(0, 1 << 32, 96, dtype=np.uint64).astype(np.uint32)
OTHER = RNG.integers(0, 1 << 32, 96, dtype=np.uint64).astype(np.uint32)
CHOSEN = RNG.random(96) < 0.6


def warps(values: np.ndarray) -> list[list[int]]:
    return [[int(value) for value in warp] for warp in values.reshape(-1, 32)]


def shuffled(mode: str, lane: int, b: int, c: int) -> tuple[int, bool]:
    """Return the source lane and the predicate, as PTX ISA defines shfl.sync."""
    segment, clamp = c >> 8 & 31, c & 31
    last = (lane & segment) | (clamp & ~segment & 31)
    first = lane & segment
    b &= 31
    if mode == "IDX":
        source = first | (b & ~segment & 31)
        inside = source <= last
    elif mode == "UP":
        source = lane - b
        inside = source >= last
    elif mode == "DOWN":
        source = lane + b
        inside = source <= last
    else:
        source = lane ^ b
        inside = source <= last
    return (source, True) if inside else (lane, False)


CONTROLS = {  # operand c as the compiler makes it: width 32, 16 and 8
    "IDX": (0x1F, 0x101F, 0x181F),
    "UP": (0x0, 0x1000, 0x1800),
    "DOWN": (0x1F, 0x101F, 0x181F),
    "BFLY": (0x1F, 0x101F, 0x181F),
}


@pytest.mark.parametrize("mode", CONTROLS)
@pytest.mark.parametrize("from_register", [True, False])
def test_shuffles(mode: str, from_register: bool) -> None:
    for control in CONTROLS[mode]:
        for distance in (0, 1, 5, 8, 31):
            steps = OTHER % np.uint32(40) if from_register else np.full(96, distance)
            b = "R6" if from_register else f"{distance:#x}"
            found = execute(
                f"SHFL.{mode} P4, R12, R4, {b}, {control:#x}",
                {"R4": WORDS, "R6": steps.astype(np.uint32)},
            )
            for warp in range(3):
                for lane in range(32):
                    thread = 32 * warp + lane
                    source, inside = shuffled(mode, lane, int(steps[thread]), control)
                    assert found["R12"][thread] == WORDS[32 * warp + source]
                    assert found["P4"][thread] == inside
            if from_register:
                break


def ballot(holds: list[int]) -> int:
    return sum(1 << lane for lane, one in enumerate(holds) if one)


VOTES: dict[str, Callable[[list[int]], bool]] = {
    "ALL": all,
    "ANY": any,
    "EQ": lambda holds: len(set(holds)) == 1,
}


@pytest.mark.parametrize("mode", VOTES)
def test_votes(mode: str) -> None:
    predicates = CHOSEN.copy()
    predicates[32:64] = True
    predicates[64:96] = mode == "EQ" and False
    found = execute(f"VOTE.{mode} R12, P4, P0", {"P0": predicates})
    opposite = execute(f"VOTE.{mode} R12, P4, !P0", {"P0": predicates})
    for number, warp in enumerate(warps(predicates)):
        place = slice(32 * number, 32 * number + 32)
        assert set(found["R12"][place].tolist()) == {ballot(warp)}
        assert set(found["P4"][place].tolist()) == {int(VOTES[mode](warp))}
        inverted = [1 - one for one in warp]
        assert set(opposite["R12"][place].tolist()) == {ballot(inverted)}
        assert set(opposite["P4"][place].tolist()) == {int(VOTES[mode](inverted))}


def test_only_executing_lanes_vote() -> None:
    """So `VOTE.ANY R, PT, PT` gives the active lanes."""
    found = execute("@P1 VOTE.ANY R12, P4, P0", {"P0": CHOSEN, "P1": ~CHOSEN})
    active = execute("@P1 VOTE.ANY R12, PT, PT", {"P1": ~CHOSEN})
    for number, warp in enumerate(warps(~CHOSEN)):
        for lane in range(32):
            thread = 32 * number + lane
            if warp[lane]:
                assert (found["R12"][thread], found["P4"][thread]) == (0, 0)
                assert active["R12"][thread] == ballot(warp)
            else:
                assert active["R12"][thread] == 0  # as before


def test_votes_into_uniform_registers() -> None:
    found = execute("VOTEU.ANY UR8, UP2, P0", {"P0": CHOSEN})
    for number, warp in enumerate(warps(CHOSEN)):
        place = slice(32 * number, 32 * number + 32)
        assert set(found["UR8"][place].tolist()) == {ballot(warp)}
        assert set(found["UP2"][place].tolist()) == {int(any(warp))}


def test_matches() -> None:
    words = WORDS % np.uint32(5)
    words[32:64] = 7
    found = execute("MATCH.ANY R12, R4", {"R4": words})["R12"]
    everyone = execute("MATCH.ALL P4, R12, R4", {"R4": words})
    for number, warp in enumerate(warps(words)):
        for lane in range(32):
            thread = 32 * number + lane
            assert found[thread] == ballot([value == warp[lane] for value in warp])
            alike = len(set(warp)) == 1
            assert everyone["R12"][thread] == (M32 if alike else 0)
            assert everyone["P4"][thread] == alike
    high = OTHER % np.uint32(2)
    wide = execute("MATCH.ANY.U64 R12, R4", {"R4": words, "R5": high})["R12"]
    for number in range(3):
        place = slice(32 * number, 32 * number + 32)
        pairs = list(zip(words[place].tolist(), high[place].tolist(), strict=True))
        assert wide[place].tolist() == [ballot([one == own for one in pairs]) for own in pairs]


REDUCTIONS: dict[str, Callable[[list[int]], int]] = {
    "REDUX": lambda values: int(np.bitwise_and.reduce(np.array(values))),
    "REDUX.OR": lambda values: int(np.bitwise_or.reduce(np.array(values))),
    "REDUX.XOR": lambda values: int(np.bitwise_xor.reduce(np.array(values))),
    "REDUX.SUM": lambda values: sum(values) & M32,
    "REDUX.MIN": min,
    "REDUX.MAX": max,
    "REDUX.MIN.S32": lambda values: min(map(signed, values)) & M32,
    "REDUX.MAX.S32": lambda values: max(map(signed, values)) & M32,
    "REDUX.SUM.S32": lambda values: sum(values) & M32,
    "CREDUX.MIN": min,
    "CREDUX.MAX": max,
    "CREDUX.MIN.S32": lambda values: min(map(signed, values)) & M32,
    "CREDUX.MAX.S32": lambda values: max(map(signed, values)) & M32,
}


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(name: str) -> None:
    found = execute(f"{name} UR8, R4", {"R4": WORDS}, architecture="sm_80")["UR8"]
    for number, warp in enumerate(warps(WORDS)):
        wanted = REDUCTIONS[name](warp)
        assert set(found[32 * number : 32 * number + 32].tolist()) == {wanted}


def test_a_uniform_register_takes_the_lowest_lane() -> None:
    found = execute("R2UR UR8, R4", {"R4": WORDS})["UR8"]
    assert found.tolist() == [value for value in WORDS[::32].tolist() for _ in range(32)]


@pytest.mark.parametrize("guard", ["", "@P0 "])
def test_a_predicate_tells_whether_lanes_differ(guard: str) -> None:
    """R2UR's predicate holds where the executing lanes have not all the same word."""
    words = np.full(128, 7, dtype=np.uint32)
    words[32 + 5] = 8
    words[64:] = np.arange(64) // 32
    words[96 + 31] = 9
    chosen = np.arange(128) % 32 < 31
    found = execute(f"{guard}R2UR P4, URZ, R4", {"R4": words, "P0": chosen, "P4": ~chosen})["P4"]
    expected = np.repeat([0, 1, 0, 0 if guard else 1], 32)
    if guard:
        expected[~chosen] = 1
    assert found.tolist() == expected.tolist()


def test_predicates_as_bits() -> None:
    """P2R takes the predicates of a mask, R2P gives them; what the mask leaves out stays."""
    predicates = {f"P{n}": RNG.random(96) < 0.5 for n in range(6)}
    bits = sum(predicates[f"P{n}"].astype(np.uint32) << np.uint32(n) for n in range(6))
    found = execute("P2R R12, PR, R4, 0x3f", {**predicates, "R4": WORDS})["R12"]
    assert found.tolist() == ((WORDS & ~np.uint32(0x3F)) | bits).tolist()
    found = execute("P2R R12, PR, RZ, 0x15", predicates)["R12"]
    assert found.tolist() == (bits & np.uint32(0x15)).tolist()
    found = execute("R2P PR, R4, 0x30", {**predicates, "R4": WORDS})
    assert found["P4"].tolist() == (WORDS >> np.uint32(4) & np.uint32(1)).tolist()
    assert found["P5"].tolist() == (WORDS >> np.uint32(5) & np.uint32(1)).tolist()
    found = execute("R2P PR, R4, 0x10", {**predicates, "R4": WORDS})
    assert found["P5"].tolist() == predicates["P5"].astype(int).tolist()
