"""Constant loads and the data of stores, jitted: between operands and memory."""

from __future__ import annotations

import numpy as np

from softbeam.emulator.core.layout import (
    A_VALUE,
    B_VALUE,
    DESTINATION,
    DESTINATIONS,
    FLAGS,
    OFFSET,
    REGISTER,
    SIGNED,
    SIZE,
    UNIFORM,
    UNIFORM_REGISTER,
    A,
    B,
)
from softbeam.emulator.core.operands import commit, fetch
from softbeam.jit import callee


@callee
def load_constant(row, executed, constants, w):
    """LDC, ULDC: words of a constant bank, at a register's byte offset where the operand has one.

    ``OFFSET`` is the bank's first word among the constants, ``A`` the base register, ``B_VALUE``
    the byte offset; a word outside the constants reads zero.
    """
    for part in range(row[DESTINATIONS]):
        for lane in range(32):
            base = np.int64(row[B_VALUE]) + 4 * part
            if row[A] == REGISTER:
                base += np.int64(np.int32(w.registers[row[A_VALUE], lane]))
            elif row[A] == UNIFORM_REGISTER:
                base += np.int64(np.int32(w.uniforms[row[A_VALUE]]))
            word = row[OFFSET] + (base >> 2)
            value = np.uint32(0)
            if row[OFFSET] <= word < constants.shape[0]:
                value = constants[word]
            if row[SIZE] < 4:
                value = np.uint32(value >> np.uint32(8 * (base & 3)))
                ones = np.uint32(0xFF) if row[SIZE] == 1 else np.uint32(0xFFFF)
                value &= ones
                if row[FLAGS] & SIGNED and value > ones >> np.uint32(1):
                    value |= ~ones
            w.scratch[part, lane] = value
    destination = row[DESTINATION]
    for part in range(row[DESTINATIONS]):
        if row[UNIFORM]:
            if destination != 255:
                w.uniforms[destination + part] = w.scratch[part, 0]
        elif destination != 255:
            commit(w.registers[destination + part], w.scratch[part], executed)


@callee
def store_data(row, constants, w):
    """Fetch the words that a store writes into the scratch rows."""
    registers = w.registers
    if row[B] != REGISTER:
        for part in range((row[SIZE] + 3) >> 2):
            fetch(row, B, registers, w.uniforms, constants, w.scratch[part])
        return
    for part in range((row[SIZE] + 3) >> 2):
        for lane in range(32):
            w.scratch[part, lane] = registers[row[B_VALUE] + part, lane]
