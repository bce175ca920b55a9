"""The numbers that lowering and the interpreter share: row fields, operations, kinds, statuses.

A lowered instruction is one row of int64; these constants name its columns and their values.
Numba freezes module constants into the compiled code.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core.operations import *  # noqa: F403

LANES = 32
FULL_MASK = 0xFFFFFFFF

# Columns of a row.  A, B and C take three columns each: kind, value, modification.
(
    OP,  # an operation of :mod:`softbeam.emulator.core.operations`
    GUARD,  # predicate | negated << 3 | uniform << 4
    DESTINATION,  # first destination register, 255 for none
    DESTINATIONS,  # number of destination registers
    PREDICATE_0,  # destination predicates, 7 for none
    PREDICATE_1,
    A,
    A_VALUE,
    A_CHANGE,
    B,
    B_VALUE,
    B_CHANGE,
    C,
    C_VALUE,
    C_CHANGE,
    SOURCE_PREDICATE_0,  # as GUARD
    SOURCE_PREDICATE_1,
    SOURCE_PREDICATE_2,
    DETAIL,  # comparison, look-up table, special register, byte selector …
    COMBINE,  # how a comparison joins its source predicate
    FLAGS,
    ROUNDING,
    TARGET,  # row of a branch target
    OFFSET,  # byte offset of an address
    SPACE,
    SIZE,  # bytes that one lane accesses
    UNIFORM_BASE,  # uniform register that an address adds, 255 for none
    WIDE_ADDRESS,
    UNIFORM,  # the destination is a uniform register or predicate
    BARRIER,
    PART,  # the separately compiled part that executes a rare operation (PART_…)
    SCALE,  # factor of the base register of an address
    COLUMNS,
) = range(33)

# Kinds of a source operand.
NOTHING, REGISTER, UNIFORM_REGISTER, IMMEDIATE, CONSTANT = range(5)

# What a source operand's value goes through.
AS_IS, NEGATE, INVERT, FLOAT_NEGATE, FLOAT_ABSOLUTE, FLOAT_NEGATE_ABSOLUTE = range(6)

# Bits of FLAGS.
FLUSH = 1  # FTZ
SATURATE = 2
EXTENDED = 4  # .X: adds carries; .EX: compares high words
SIGNED = 8
HIGH = 16
WRAP = 32
WIDE_SHIFT = 64  # 64-bit shift: counts up to 63
SIGN_EXTEND_A = 128  # LEA.HI.X.SX32
BOOLEAN_FLOAT = 256  # FSET.BF
OR_PREDICATE = 512
UNORDERED = 1024
NAN_TO_ZERO = 2048  # F2I.NTZ
ACCUMULATE = 4096
TO_FLOAT = 8192  # HADD2.F32: the result is one float32
RELU = 16384  # negative results become 0
INVERT_SHIFTED = 32768  # LEA of a negated operand, which is inverted after it is shifted
BFLOAT = 65536  # the halves are bfloat16
XOR_SIGNS = 131072  # a minimum's sign is the exclusive or of its operands' signs
ALL_FLAGS = 2 * XOR_SIGNS - 1

# ROUNDING: to nearest even, towards minus infinity, plus infinity, zero.
ROUND_NEAREST, ROUND_DOWN, ROUND_UP, ROUND_ZERO = range(4)

#: The bits of every NaN that float32 arithmetic produces.
CANONICAL_NAN = np.uint32(0x7FFFFFFF)

# COMBINE.
AND, OR, XOR = range(3)

# SPACE.
GLOBAL, SHARED, LOCAL, GENERIC = range(4)

# What an atomic operation does (DETAIL).
(
    ATOMIC_ADD,
    ATOMIC_MIN,
    ATOMIC_MAX,
    ATOMIC_INC,
    ATOMIC_DEC,
    ATOMIC_AND,
    ATOMIC_OR,
    ATOMIC_XOR,
    ATOMIC_EXCH,
    ATOMIC_CAS,
    ATOMIC_CAST,  # compare and swap that answers whether it swapped
) = range(11)

# Types of a conversion (DETAIL: source | destination << 4) and of an atomic (COMBINE).
F16, F32, F64, U8, S8, U16, S16, U32, S32, U64, S64, BF16, F16X2, E4M3, E5M2 = range(15)

# Modes of a shuffle, votes, reductions (DETAIL).
SHUFFLE_INDEX, SHUFFLE_UP, SHUFFLE_DOWN, SHUFFLE_BUTTERFLY = range(4)
VOTE_ALL, VOTE_ANY, VOTE_EQUAL = range(3)
REDUCE_AND, REDUCE_OR, REDUCE_XOR, REDUCE_SUM, REDUCE_MIN, REDUCE_MAX = range(6)

# What a block barrier reduces (DETAIL of BAR).
BAR_SYNC, BAR_COUNT, BAR_AND, BAR_OR = range(4)

# What a thread does at a named barrier (DETAIL of NAMED_BARRIER): wait, or only arrive; and, added
# to it, that number and count are in one register.
BAR_WAIT, BAR_ARRIVE = range(2)
BAR_PACKED = 2

# A half operand's part (DETAIL of half operations, six bits an operand), and its changes.
HALVES, LOW_HALVES, HIGH_HALVES, WHOLE_FLOAT = range(4)
HALF_NEGATE, HALF_ABSOLUTE = 4, 8
HALF_TURNED = 16  # the low half is the high one negated, the high half is the low one

# A source of a pair of float32 (DETAIL, four bits an operand): which word of the register pair is
# its low and its high number, and whether the high one's sign is changed.
LOW_IS_HIGH, HIGH_IS_HIGH, HIGH_NEGATED = 1, 2, 4

# Special registers (DETAIL of S2R): the rest are unsupported.
(
    SR_TID_X,
    SR_TID_Y,
    SR_TID_Z,
    SR_CTAID_X,
    SR_CTAID_Y,
    SR_CTAID_Z,
    SR_LANEID,
    SR_ZERO,
    SR_EQMASK,
    SR_LTMASK,
    SR_LEMASK,
    SR_GTMASK,
    SR_GEMASK,
    SR_SHARED_WINDOW,  # high word of the generic addresses of shared memory
) = range(14)

#: Generic addresses of shared and local memory: 16 MiB each in the 4 GiB in which the recorded GPU
#: said Invalid Address Space (hardware README, point 5).  Where in there is not recorded.
SHARED_WINDOW, LOCAL_WINDOW, WINDOW_BYTES = 0x7FFE00000000, 0x7FFEFF000000, 1 << 24

#: Offsets of segments that may not be written, or not accessed: this, less their first word.
READ_ONLY, NO_ACCESS = -16, -(1 << 40)

#: The pseudo barrier at which WARPSYNC gathers threads.
WARPSYNC_BARRIER = 16

# How an execution of a warp or block ended.
RUNNING, FINISHED, AT_BARRIER = 0, 1, 2
OVERWRITTEN, NEVER_READ, RESOLVED, LOG_FULL, TRACE_FULL, HANG = 3, 4, 5, 6, 7, 8
#: A part is not compiled yet that the row needs; nothing of the row is done.
PART_MISSING = 9
#: As many barriers of the block are passed as were asked for, or a group of threads has given way;
#: it can be resumed.
PAUSED = 10
ILLEGAL_ADDRESS, MISALIGNED_ADDRESS, OUT_OF_RANGE_ADDRESS = 16, 17, 18
INVALID_ADDRESS_SPACE, ILLEGAL_INSTRUCTION, INVALID_PC = 19, 20, 21
UNSUPPORTED_REACHED = 32

# What a fault does (FAULT_KIND), and the other entries of the fault vector.
(
    FAULT_NONE,
    FAULT_BEFORE,  # a general register before the instruction
    FAULT_AFTER,  # the same after it
    FAULT_PREDICATE,  # a predicate after it
    FAULT_INDEX,
    FAULT_STORE,
    FAULT_RESOLVE,
    FAULT_PREDICATE_BEFORE,
    FAULT_UNIFORM,  # a uniform register before it
    FAULT_SHARED,  # a word of shared memory before it
    FAULT_STUCK,  # results of one lane, at every row that is marked behind FAULT_FIELDS
) = range(11)
(
    FAULT_KIND,
    FAULT_WARP,  # warp in the block
    FAULT_LANE,
    FAULT_ROW,
    FAULT_OCCURRENCE,
    FAULT_REGISTER,  # register, predicate, uniform register, word of shared memory
    FAULT_REPLACES,  # 1: FAULT_VALUE replaces the value; 0: it is XORed into it
    FAULT_VALUE,
    FAULT_INDEX_MASK,  # XORed into the destination index; STUCK: the bits that FAULT_VALUE replaces
    FAULT_WARP_WIDE,  # 1: every lane that executes with the struck one
    FAULT_DROPS,  # 1: a result for an index that is not allocated, or a store, is lost
    FAULT_REGISTERS,  # registers allocated to a thread
    FAULT_EXECUTED,  # RESOLVE: count executed lanes (1) or active ones (0)
    FAULT_TRACK,  # 1: follow the struck register until it is read, overwritten or forgotten
    FAULT_LATE,  # 1: until it has struck, the struck warp of a block runs after the others
    FAULT_KEEPS,  # 1: registers and shared memory begin as the state holds them, not as zeros
    FAULT_RESUMES,  # 1: everything begins as the state holds it: a paused run goes on
    FAULT_ROUNDS,  # pause once so many barriers of the block are passed; 0: never
    FAULT_TURN,  # instructions after which a group gives way, and the block pauses; 0: none does
    FAULT_FIELDS,
) = range(20)

# What an execution reports (the information vector).
(
    INFO_ROW,  # row of the exception or stop
    INFO_INSTRUCTIONS,  # warp instructions executed
    INFO_FIRED,  # times the fault was applied
    INFO_BEFORE,  # struck value before and after
    INFO_AFTER,
    INFO_READ,  # 1 once the struck register was read
    INFO_UNRECORDED,  # accesses to mapped memory of which nothing is recorded
    INFO_LANE,  # RESOLVE: lane and occurrence
    INFO_OCCURRENCE,
    INFO_LONGEST,  # most instructions of any thread
    INFO_ADDRESS,  # address of an exception
    INFO_UNPROBED,  # accesses to pages that no recording ever touched
    INFO_LOG,  # entries in the store log
    INFO_TRACE,  # entries in the trace
    INFO_FOREIGN,  # foreign stores that took effect
    INFO_PENDING,  # lanes whose followed register is undecided yet
    INFO_WIPED,  # 1 once one of them has overwritten it
    INFO_HANG,  # why it hangs: HANG_…
    INFO_WARP,  # warp in the block, and block, of the exception or stop
    INFO_BLOCK,
    INFO_FIELDS,
) = range(21)

# Why a launch hangs: a thread has used its budget up; threads wait for each other for ever; all
# warps together have used up theirs.
HANG_BUDGET, HANG_DEADLOCK, HANG_LAUNCH = range(3)


#: Entries of Tables.entries after those of the parts: what is compiled apart so that its callers
#: compile faster.
(
    ENTRY_COMPUTE,
    ENTRY_ACCESS,
    ENTRY_CONTROL,
    ENTRY_RUN,
    ENTRY_ROW,
    ENTRIES,
) = range(PARTS, PARTS + 6)  # noqa: F405


class Memory(NamedTuple):
    """Global memory: one pool of words and the map from addresses to it.

    Attributes
    ----------
    words : numpy.ndarray of uint32
        The pool.
    start, end : numpy.ndarray of int64
        Byte addresses of the segments, sorted, not overlapping.
    offset : numpy.ndarray of int64
        Word in the pool of each segment's first byte; -1 for a segment that is mapped but of
        which nothing is recorded (reads zero, loses stores), -2 for one that was never probed
        (an illegal address, counted apart), -3 for one of another address space; ``READ_ONLY``
        or ``NO_ACCESS``, less that word, for one that is protected.
    read_bits : numpy.ndarray of int64
        One bit for each word of the pool, set where it has been read; of length 0: not wanted.
    read_log : numpy.ndarray of int64
        How many words have been read, and which, in order; as long as the pool, and one more.
    """

    words: NDArray[np.uint32]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    offset: NDArray[np.int64]
    read_bits: NDArray[np.int64]
    read_log: NDArray[np.int64]


class Code(NamedTuple):
    """A lowered function: rows, and per row the general registers read and written (bit sets)."""

    rows: NDArray[np.int64]
    reads: NDArray[np.uint64]
    writes: NDArray[np.uint64]


class Translation(NamedTuple):
    """A program's translated code, as the interpreter calls it (:mod:`.translated`).

    Attributes
    ----------
    addresses : numpy.ndarray of int64
        Of the code for full masks and for others; 0 where there is none.
    block : numpy.ndarray of int32
        Number of each row's block; the number of blocks for rows that are not translated.
    entry : numpy.ndarray of uint8
        1 for the first row of a block.
    context : numpy.ndarray of int64
        What the code is given.
    segments : numpy.ndarray of int64, [accesses, 4]
        What each access to global memory found last.
    counts, skipped : numpy.ndarray of int64
        Active lanes by block, and a zero after them; by row, those that its guard kept from
        executing.
    guarded : numpy.ndarray of int64
        The rows that have a guard; no others count in `skipped`.
    heat : numpy.ndarray of int64
        Rows that the interpreter executed with a full mask and with others.
    """

    addresses: NDArray[np.int64]
    block: NDArray[np.int32]
    entry: NDArray[np.uint8]
    context: NDArray[np.int64]
    segments: NDArray[np.int64]
    counts: NDArray[np.int64]
    skipped: NDArray[np.int64]
    guarded: NDArray[np.int64]
    heat: NDArray[np.int64]


class Tables(NamedTuple):
    """Correction tables of the special function unit, and addresses of compiled parts.

    ``entries`` has one address a part (``PART_…``), 0 for a part that no program has needed yet,
    and those of ``ENTRY_…``; ``translation`` is the program's own.
    """

    rcp: NDArray[np.int8]
    rsq: NDArray[np.int8]
    ex2: NDArray[np.int8]
    entries: NDArray[np.int64]
    translation: Translation


#: The state of one warp, as a record: the interpreter gets one pointer instead of many arrays.
WARP = np.dtype(
    [
        ("registers", np.uint32, (256, LANES)),
        ("predicates", np.uint32, (8,)),  # one bit a lane; 7 is all ones
        ("uniforms", np.uint32, (258,)),  # room beyond the last for the high words of a pair
        ("uniform_predicates", np.int64, (8,)),
        ("barriers", np.uint32, (17, LANES)),  # convergence barriers: mask, by lane
        ("group_mask", np.uint32, (LANES + 2,)),  # diverged groups
        ("group_row", np.int64, (LANES + 2,)),
        (
            "group_wait",
            np.int64,
            (LANES + 2,),
        ),  # READY, WAITS_AT_BAR, less, or a convergence barrier
        ("groups", np.int64),
        ("status", np.int64),
        ("counts", np.int64, (LANES,)),  # instructions by thread
        ("arrivals", np.int64, (LANES,)),  # times a lane reached the struck row
        # Operands a, b, c; results; high words of result and c; what a fault saves; high words
        # of a and b.
        ("scratch", np.uint32, (12, LANES)),
        ("voted", np.int64, (3,)),  # BAR.RED: arrived threads, those that say yes, the operation
        ("verdict", np.int64, (3,)),  # the same over the block, once the barrier is passed
        ("arrived", np.int64, (16,)),  # threads that arrived at named barriers, not to wait there
    ],
    align=True,
)


class State(NamedTuple):
    """Everything that an execution changes besides global memory; reused from run to run."""

    warps: NDArray[np.void]  # records of WARP
    shared: NDArray[np.uint32]  # shared memory of the block, in words
    local: NDArray[np.uint32]  # local memory, [warps, words, lanes]; ends at the window's end
    # Stores of other units that take effect meanwhile: time, word, value; sorted by time.
    foreign: NDArray[np.int64]
    log_word: NDArray[np.int64]  # stores: word in the pool, and its value before
    log_before: NDArray[np.uint32]
    # Warp instructions executed by then; from bit KEPT_BYTES on, a bit for each byte of the word
    # that the store left alone: none where it wrote the whole word.
    log_time: NDArray[np.int64]
    information: NDArray[np.int64]
    profile: NDArray[np.int64]  # [rows, 2] active and executed lanes; length 0: not wanted
    trace_row: NDArray[np.int64]  # rows and registers of one thread; length 0: not wanted
    trace_registers: NDArray[np.uint32]


#: The lowest of the four bits of a logged time that say which bytes of the word a store kept.
KEPT_BYTES = 58

#: What a group waits for.  Named barriers are below: WAITS_AT_BAR - 1 - number - 16 * (the threads
#: that the barrier waits for; 0: all of the block).
READY, WAITS_AT_BAR = -1, -2
