"""Translated code against the interpreter: every operation, random programs, faults, memory."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import pytest
from support.bench import program as assembled
from support.corpus import shared_machine
from support.engines import Setting, assert_equal_engines, random_setting, with_rows
from support.shipped import FEW

from softbeam.emulator.core import layout as k
from softbeam.emulator.lowering import Program, bank_words, lower
from softbeam.emulator.translation import compiling, engine
from softbeam.emulator.translation.blocks import MEANINGS, find_blocks
from softbeam.emulator.validation import wrong_rows
from softbeam.emulator.vector import Strikes, fault_vector, no_fault
from softbeam.kernels import ARCHITECTURES, program

CORPUS = ("atomics", "blocks", "control", "double", "float_math", "half", "integer", "product",
          "programs", "warp")  # fmt: skip

#: Sources whose forms are compared too; mutated programs are made of those above, so that a seed
#: stays the same program.
MORE = ("narrow", "suites", "wide")

#: Rows of a made-up program; columns that name registers, which are drawn anew.
LENGTH = 24
_NAMES = (k.A_VALUE, k.B_VALUE, k.C_VALUE)


@cache
def corpus_programs(architecture: str, sources: tuple[str, ...] = CORPUS) -> tuple[Program, ...]:
    """Return every function of some sources and every kernel, lowered."""
    found = [program(name, architecture) for name in FEW]
    for source in sources:
        machine = shared_machine(source, architecture)
        found.extend(lower(machine.kernels[name]) for name in sorted(machine.kernels))
    return tuple(found)


def is_plain(row: np.ndarray) -> bool:
    """Return whether a row only computes, from registers, immediates and constants of bank 0."""
    operation = int(row[k.OP])
    return k.NOP < operation < k.FIRST_MEMORY and operation != k.CLOCK


@cache
def forms(architecture: str) -> tuple[tuple[int, ...], ...]:
    """Return every form of a computing row, the numbers of its registers and constants erased."""
    found = {}
    for one in corpus_programs(architecture, CORPUS + MORE):
        for row in one.code.rows:
            if not is_plain(row):
                continue
            form = row.copy()
            for column in _NAMES:
                if form[column - 1] in (k.REGISTER, k.UNIFORM_REGISTER, k.CONSTANT):
                    form[column] = 0
            form[k.GUARD] = 7
            found[tuple(form.tolist())] = None
    return tuple(found)


def draw_row(form: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Return a row of a form, with registers, predicates and guard drawn."""
    row = np.array(form, dtype=np.int64)
    for column in _NAMES:
        kind = int(row[column - 1])
        if kind == k.REGISTER:
            row[column] = int(rng.integers(0, 40))
        elif kind == k.UNIFORM_REGISTER:
            row[column] = int(rng.integers(0, 12))
        elif kind == k.CONSTANT:
            row[column] = int(rng.integers(0, 64))
    uniform = bool(row[k.UNIFORM])
    if row[k.DESTINATION] != 255:
        row[k.DESTINATION] = int(rng.integers(0, 12 if uniform else 40))
    for column in (k.PREDICATE_0, k.PREDICATE_1):
        if row[column] != 7:
            row[column] = int(rng.integers(0, 7))
    for column in (k.SOURCE_PREDICATE_0, k.SOURCE_PREDICATE_1, k.SOURCE_PREDICATE_2):
        if row[column] & 7 != 7:
            row[column] = int(row[column]) & 24 | int(rng.integers(0, 7))
    if rng.random() < 0.3:
        row[k.GUARD] = int(rng.integers(0, 7)) | 8 * int(rng.integers(0, 2))
        if uniform:
            row[k.GUARD] |= 16
    return row


@cache
def _beginning() -> np.ndarray:
    """Return rows that give predicates and uniform registers values that depend on the case."""
    lines = [f"ISETP.GT.U32.AND P{n}, PT, R{40 + n}, R{50 + n}, PT" for n in range(7)]
    lines += [f"ULDC UR{n}, c[0x0][{16 * n:#x}]" for n in range(12)]
    lines += [f"UISETP.GT.U32.AND UP{n}, UPT, UR{n}, UR{n + 3}, UPT" for n in range(7)]
    return assembled(lines).code.rows


def _ending() -> np.ndarray:
    return assembled(["EXIT"]).code.rows


def check_forms(architecture: str, most: int | None) -> None:
    """Compare the engines on forms of computing rows, on edge values and random ones."""
    rng = np.random.default_rng(11)
    known = new_in(architecture, forms) if most is None else list(forms(architecture))
    rng.shuffle(known)
    for start in range(0, len(known[:most]), LENGTH):
        chosen = [draw_row(tuple(form), rng) for form in known[start : start + LENGTH]]
        made = with_rows(np.concatenate([_beginning(), np.array(chosen), _ending()]))
        assert not wrong_rows(made.code.rows, bank_words(()))
        for _ in range(3):
            assert_equal_engines(made, random_setting(rng), f"forms from {start}")


def new_in(
    architecture: str, found: Callable[[str], Sequence[tuple[int, ...]]]
) -> list[tuple[int, ...]]:
    """Return the forms that no architecture before this one has: rows know no architecture."""
    before = ARCHITECTURES[: ARCHITECTURES.index(architecture)]
    known = {form for one in before for form in found(one)}
    return [form for form in found(architecture) if form not in known]


def test_a_guarded_shuffle_reads_no_lane_that_does_not_execute() -> None:
    # LLVM once mixed up lanes where a choice met a shuffle that it knew.
    made = assembled(
        [
            "ISETP.GT.U32.AND P0, PT, R40, R50, PT",
            "@P0 SHFL.DOWN PT, R5, R35, 0x1, 0x1f",
            "@!P0 SHFL.BFLY P1, R6, R36, 0x2, 0x1f",
            "@P0 SHFL.UP PT, R7, R37, 0x1, 0x0",
            "EXIT",
        ]
    )
    rng = np.random.default_rng(12)
    for _ in range(20):
        assert_equal_engines(made, random_setting(rng))


def test_directed_conversions_of_64_bits_give_the_same() -> None:
    ways = ("", ".RP", ".RM", ".RZ")
    lines = [f"I2F.{kind}{way} R{10 + 2 * n}, R40" for kind in ("U64", "S64")
             for n, way in enumerate(ways)]  # fmt: skip
    lines += [f"I2F.F64.{kind}{way} R{20 + 2 * n}, R44" for kind in ("U64", "S64")
              for n, way in enumerate(ways)]  # fmt: skip
    made = [assembled([*lines[first : first + 4], "EXIT"]) for first in range(0, 16, 4)]
    assert all(one.supported.all() for one in made)
    rng = np.random.default_rng(13)
    for one in made:
        for _ in range(20):
            assert_equal_engines(one, random_setting(rng))


def test_forms_of_operations_give_the_same() -> None:
    check_forms("sm_90", 3 * LENGTH)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_form_of_every_operation_gives_the_same(architecture: str) -> None:
    """Each form that the corpus and the kernels have."""
    check_forms(architecture, None)


@cache
def access_forms(architecture: str) -> list[tuple[int, ...]]:
    """Return every form of a row that accesses memory, the numbers of its registers erased."""
    found = {}
    for one in corpus_programs(architecture, CORPUS + MORE):
        for row in one.code.rows:
            operation = int(row[k.OP])
            if not k.LDC < operation < k.FIRST_CONTROL:
                continue
            form = row.copy()
            form[[k.A_VALUE, k.OFFSET]] = 0
            for column in (k.B, k.C):
                if form[column] == k.REGISTER:
                    form[column + 1] = 0
            form[k.GUARD] = 7
            found[tuple(form.tolist())] = None
    return list(found)


def draw_access(form: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Return a row of a form at an address that is mostly sound, for :func:`access_setting`."""
    row = np.array(form, dtype=np.int64)
    space, size = int(row[k.SPACE]), int(row[k.SIZE])
    wide = space in (k.GLOBAL, k.GENERIC)
    if row[k.A] == k.REGISTER:
        row[k.A_VALUE] = 2 + 6 * int(rng.integers(0, 5)) if wide else 100 + int(rng.integers(0, 4))
    if space == k.LOCAL and row[k.A] == k.REGISTER:
        row[k.A_VALUE] += 10
    row[k.UNIFORM_BASE] = 255
    row[k.OFFSET] = size * int(rng.integers(0, 4)) + int(rng.random() < 0.05)
    for column in (k.B, k.C):
        if row[column] == k.REGISTER:
            row[column + 1] = 4 * int(rng.integers(30, 40))
    if row[k.DESTINATION] != 255:
        row[k.DESTINATION] = 4 * int(rng.integers(41, 50))
    if rng.random() < 0.4:
        row[k.GUARD] = int(rng.integers(0, 7)) | 8 * int(rng.integers(0, 2))
    return row


def access_setting(rng: np.random.Generator) -> Setting:
    """Return a setting in which R100 to R103 are places in shared memory, R110 to R113 in local."""
    setting = random_setting(rng)
    for number in range(4):
        size = int(rng.choice([1, 4, 8, 16]))
        for first, words, register in ((0, 2048, 100), ((1 << 24) - 256, 256, 110)):
            places = rng.integers(0, words // 16 - 8, (setting.registers.shape[0], 32)) * 16
            if rng.random() < 0.5:
                places[:] = places[:, :1]
            places = places // size * size
            setting.registers[:, register + number] = first + places
    return setting


def check_accesses(architecture: str, most: int | None, times: int) -> None:
    """Compare the engines on forms of rows that access memory."""
    rng = np.random.default_rng(12)
    known = new_in(architecture, access_forms) if most is None else list(access_forms(architecture))
    rng.shuffle(known)
    for start in range(0, len(known[:most]), LENGTH // 3):
        chosen = [draw_access(tuple(form), rng) for form in known[start : start + LENGTH // 3]]
        made = with_rows(np.concatenate([_beginning(), np.array(chosen), _ending()]))
        assert not wrong_rows(made.code.rows, bank_words(()))
        for _ in range(times):
            assert_equal_engines(made, access_setting(rng), f"accesses from {start}")


def test_forms_of_accesses_give_the_same() -> None:
    check_accesses("sm_90", LENGTH, 12)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_form_of_every_access_gives_the_same(architecture: str) -> None:
    check_accesses(architecture, None, 20)


def mutated(base: Program, rng: np.random.Generator) -> Program:
    """Return a piece of a program with some columns changed, such that it can still be executed."""
    rows = base.code.rows
    length = int(min(rows.shape[0], rng.integers(4, 28)))
    first = int(rng.integers(0, rows.shape[0] - length + 1))
    piece = rows[first : first + length].copy()
    branches = np.isin(piece[:, k.OP], (k.BRA, k.CALL, k.BRA_DIVERGENT))
    piece[branches, k.TARGET] = np.clip(piece[branches, k.TARGET] - first, 0, length)
    constants = bank_words(base.banks)
    for _ in range(int(rng.integers(0, 12))):
        row, column = int(rng.integers(length)), int(rng.integers(k.COLUMNS))
        before = piece[row, column]
        other = rows[int(rng.integers(rows.shape[0])), column]
        changes = (other, before ^ (1 << int(rng.integers(0, 12))), int(rng.integers(0, 16)))
        piece[row, column] = changes[int(rng.integers(3))]
        if column == k.OP:
            piece[row] = rows[int(rng.integers(rows.shape[0]))]
        if column == k.TARGET:
            piece[row, column] = int(rng.integers(-2, length + 3))
        if wrong_rows(piece[row : row + 1], constants):
            piece[row, column] = before
        if wrong_rows(piece[row : row + 1], constants):
            piece[row] = rows[first + row]
    branches = np.isin(piece[:, k.OP], (k.BRA, k.CALL, k.BRA_DIVERGENT))
    piece[branches, k.TARGET] = np.clip(piece[branches, k.TARGET], 0, length)
    return with_rows(np.concatenate([_beginning(), shifted(piece, _beginning().shape[0]),
                                     _ending()]), base)  # fmt: skip


def shifted(rows: np.ndarray, by: int) -> np.ndarray:
    """Return rows that begin later in a program."""
    rows = rows.copy()
    rows[np.isin(rows[:, k.OP], (k.BRA, k.CALL, k.BRA_DIVERGENT)), k.TARGET] += by
    return rows


def random_fault(rng: np.random.Generator, rows: int) -> np.ndarray:
    """Return a fault in a made-up program, or a search, or none."""
    strikes = [None, *Strikes][int(rng.integers(0, len(Strikes) + 1))]
    if strikes is None:
        return no_fault()
    register = int(rng.integers(0, 7 if strikes is Strikes.PREDICATE else 40))
    return fault_vector(
        strikes,
        thread=int(rng.integers(0, 81)),
        pc=16 * int(rng.integers(0, rows)),
        occurrence=int(rng.choice([0, 0, 0, 1, 2, 5])),
        registers=64,
        register=register,
        flip=1 << int(rng.integers(0, 8)),
        warp_wide=bool(rng.random() < 0.3),
        drops=bool(rng.random() < 0.5),
        follow=bool(rng.random() < 0.5) and strikes is Strikes.REGISTER_BEFORE,
        executed=bool(rng.random() < 0.5),
    )


def check_mutated(seed: int) -> None:
    """Compare the engines on one mutated program with one fault or none."""
    from dataclasses import replace

    rng = np.random.default_rng(seed)
    architecture = str(rng.choice(ARCHITECTURES))
    sources = corpus_programs(architecture)
    made = mutated(sources[int(rng.integers(len(sources)))], rng)
    setting = random_setting(rng, banks=bank_words(made.banks))
    fault = random_fault(rng, made.code.rows.shape[0])
    setting = replace(setting, fault=fault, budget=int(rng.integers(20, 400)))
    assert_equal_engines(made, setting, f"mutated program {seed}")


#: The first seed and how many mutated programs, for whoever wants more.
FIRST, MANY = (int(os.environ.get(name, default)) for name, default in (
    ("SOFTBEAM_FUZZ_FIRST", 0), ("SOFTBEAM_FUZZ_PROGRAMS", 15)))  # fmt: skip


def test_mutated_programs_run_the_same_in_both_engines() -> None:
    for seed in range(FIRST, FIRST + MANY):
        check_mutated(seed)


@pytest.mark.slow
def test_many_mutated_programs_run_the_same_in_both_engines() -> None:
    for seed in range(1_000_000, 1_000_000 + 20 * MANY):
        check_mutated(seed)


def test_a_damaged_translation_is_made_again(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("translated")
    folder.chmod(0o700)
    monkeypatch.setattr(compiling, "_folder", lambda: folder)
    compiling.keep("name", b"machine code")
    assert compiling.kept("name") == b"machine code"
    (kept,) = folder.iterdir()
    kept.write_bytes(kept.read_bytes()[:-1])
    assert compiling.kept("name") is None
    assert compiling.kept("another name") is None


def test_a_translation_is_known_by_its_rows() -> None:
    rows = _beginning()
    other = rows.copy()
    other[0, k.DETAIL] ^= 1
    names = {compiling.fingerprint(rows, "full"), compiling.fingerprint(rows, "masked"),
             compiling.fingerprint(other, "full")}  # fmt: skip
    assert len(names) == 3
    assert compiling.fingerprint(rows.copy(), "full") in names


def test_a_program_that_is_too_long_stays_with_the_interpreter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "MOST_ROWS", 3)
    monkeypatch.setenv("SOFTBEAM_ENGINE", "translator")
    made = with_rows(np.concatenate([_beginning(), _ending()]))
    assert not engine.translation_of(made).addresses.any()


def test_a_failing_translator_leaves_a_program_to_the_interpreter(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ValueError("out of ideas")

    monkeypatch.setattr(engine, "emit", fails)
    monkeypatch.setattr(compiling, "kept", lambda name: None)
    monkeypatch.setenv("SOFTBEAM_ENGINE", "translator")
    made = with_rows(np.concatenate([_beginning(), _ending()]))
    with caplog.at_level(logging.WARNING, logger="softbeam"):
        assert not engine.translation_of(made).addresses.any()
    assert "bench stays with the interpreter: out of ideas" in caplog.text


def test_a_row_that_fails_is_named(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_: object) -> None:
        raise ValueError("out of ideas")

    made = assembled(["IADD3 R1, R2, R3, RZ", "IADD3 R2, R2, R3, R4", "EXIT"])
    monkeypatch.setitem(MEANINGS, k.IADD3, fails)
    monkeypatch.setattr(compiling, "kept", lambda name: None)
    monkeypatch.setenv("SOFTBEAM_ENGINE", "translator")
    with caplog.at_level(logging.WARNING, logger="softbeam"):
        assert not engine.translation_of(made).addresses.any()
    assert (
        "bench stays with the interpreter: 'IADD3 R1, R2, R3, RZ' at pc 0x0 cannot be translated: "
        "ValueError: out of ideas"
    ) in caplog.text


def test_translations_go_with_their_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOFTBEAM_ENGINE", "translator")
    made = with_rows(np.concatenate([_beginning(), _ending()]))
    translation = engine.translation_of(made)
    assert translation.addresses.all()
    known = len(engine._entries)
    del made
    assert len(engine._entries) == known - 1
    assert not translation.addresses.any()


def test_only_so_many_translations_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOFTBEAM_ENGINE", "translator")
    monkeypatch.setattr(engine, "_entries", {})
    monkeypatch.setattr(engine, "MOST_PROGRAMS", 2)
    made = [with_rows(np.concatenate([_beginning(), _ending()])) for _ in range(3)]
    first, second, third = (engine.translation_of(one) for one in made)
    assert not first.addresses.any()
    assert second.addresses.all()
    assert third.addresses.all()
    assert engine.translation_of(made[0]).addresses.all()


def test_a_program_of_50_000_rows_runs_in_the_interpreter(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rows = np.concatenate([_beginning()] * (50_000 // _beginning().shape[0]) + [_ending()])
    monkeypatch.setenv("SOFTBEAM_ENGINE", "translator")
    made = with_rows(rows)
    with caplog.at_level(logging.DEBUG, logger="softbeam"):
        assert not engine.translation_of(made).addresses.any()
    assert "rows are too many to translate" in caplog.text


def test_the_engine_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    made = with_rows(np.concatenate([_beginning(), _ending()]))
    monkeypatch.setenv("SOFTBEAM_ENGINE", "translator")
    assert engine.translation_of(made).addresses.all()
    monkeypatch.setenv("SOFTBEAM_ENGINE", "interpreter")
    assert not engine.translation_of(made).addresses.any()


def test_every_row_is_in_one_block_or_is_left_to_the_interpreter_for_a_reason() -> None:
    for one in corpus_programs("sm_90"):
        found = find_blocks(one.code.rows)
        inside = [row for block in found.blocks for row in range(block.first, block.end)]
        assert sorted([*inside, *found.left]) == list(range(one.code.rows.shape[0]))
