"""The register tile of the matrix product, as LLVM code: some rows by a few columns.

Every element of the product is one chain of fused multiply-adds over k = 0, 1, …, each correctly
rounded as IEEE 754 says, so its bits depend on its row of A and its column of B alone: not on the
processor, nor on which other elements are computed with it.  Blocking, which is
in :mod:`softbeam.kernels.native.matrix`, and the width of a tile only decide the speed.
"""

from __future__ import annotations

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from softbeam.jit import jit

#: Rows that are packed together, and floats of a vector; LLVM splits vectors that the processor
#: lacks.
PANEL, VECTOR = 32, 16

#: Rows and most columns of a tile, such that its sums stay in registers: 24 of AVX-512's 32, else
#: 12 of AVX2's 16 or 24 of NEON's 32.
ROWS, WIDEST = (32, 12) if binding.get_host_cpu_features().get("avx512f", False) else (16, 6)

_FLOAT, _INT = ir.FloatType(), ir.IntType(64)
_FLOATS = ir.VectorType(_FLOAT, VECTOR)


def _at(builder, pointer, offset):
    """Return the pointer `offset` floats on, as one to a vector."""
    return builder.bitcast(builder.gep(pointer, [offset]), _FLOATS.as_pointer())


def _load(builder, pointer, offset):
    value = builder.load(_at(builder, pointer, offset))
    value.align = 4
    return value


def _broadcast(builder, scalar):
    nothing = ir.Constant(_FLOATS, ir.Undefined)
    first = builder.insert_element(nothing, scalar, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), VECTOR), [0] * VECTOR)
    return builder.shuffle_vector(first, nothing, zeros)


def _function(module, width):
    """Return the LLVM function of tiles of a width, which is made where the module lacks it.

    Inlined into the loops around it, it would have to share the registers with them.
    """
    pointer = _FLOAT.as_pointer()
    kind = ir.FunctionType(ir.VoidType(), [pointer, pointer, pointer, _INT, _INT])
    function = cgutils.get_or_insert_function(module, kind, f"softbeam_tile_{width}")
    if not function.blocks:
        function.linkage = "internal"
        function.attributes.add("noinline")
        builder = ir.IRBuilder(function.append_basic_block("entry"))
        _emit(builder, width, *function.args)
        builder.ret_void()
    return function


def _emit(builder, width, a, b, c, step, count):
    """Emit the loop over k of one tile; the sums live in registers from its first to its last."""
    parts = ROWS // VECTOR
    multiply_add = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(_FLOATS, [_FLOATS] * 3), f"llvm.fma.v{VECTOR}f32"
    )
    places = [
        builder.add(builder.mul(step, ir.Constant(_INT, column)), ir.Constant(_INT, part * VECTOR))
        for column in range(width)
        for part in range(parts)
    ]
    before = [_load(builder, c, place) for place in places]
    entry = builder.block
    loop, done = builder.append_basic_block("k"), builder.append_basic_block("done")
    builder.branch(loop)
    builder.position_at_end(loop)
    k = builder.phi(_INT)
    k.add_incoming(ir.Constant(_INT, 0), entry)
    sums = []
    for value in before:
        total = builder.phi(_FLOATS)
        total.add_incoming(value, entry)
        sums.append(total)
    a_row = builder.mul(k, ir.Constant(_INT, PANEL))
    b_row = builder.mul(k, ir.Constant(_INT, width))
    left = [
        _load(builder, a, builder.add(a_row, ir.Constant(_INT, part * VECTOR)))
        for part in range(parts)
    ]
    after = []
    for column in range(width):
        place = builder.gep(b, [builder.add(b_row, ir.Constant(_INT, column))])
        right = _broadcast(builder, builder.load(place))
        after.extend(
            builder.call(multiply_add, [left[part], right, sums[column * parts + part]])
            for part in range(parts)
        )
    following = builder.add(k, ir.Constant(_INT, 1))
    k.add_incoming(following, loop)
    for total, value in zip(sums, after, strict=True):
        total.add_incoming(value, loop)
    builder.cbranch(builder.icmp_signed("<", following, count), loop, done)
    builder.position_at_end(done)
    for place, value in zip(places, after, strict=True):
        builder.store(value, _at(builder, c, place)).align = 4


@intrinsic(prefer_literal=True)
def _tile(typingctx, width, a, a_at, b, b_at, c, c_at, step, count):
    """One tile of a literal width; see :func:`tile`."""
    if not isinstance(width, types.IntegerLiteral):
        return None
    columns = width.literal_value

    def codegen(context, builder, signature, args):
        pointers = []
        for array in (1, 3, 5):
            data = context.make_array(signature.args[array])(context, builder, args[array]).data
            pointers.append(builder.gep(data, [args[array + 1]]))
        builder.call(_function(builder.module, columns), [*pointers, args[7], args[8]])
        return context.get_dummy_value()

    whole = types.int64
    return types.void(width, a, whole, b, whole, c, whole, whole, whole), codegen


@intrinsic
def copy_widest(typingctx, source, source_at, target, target_at):
    """Copy ``WIDEST`` neighbouring floats at once; the two arrays must not overlap."""

    def codegen(context, builder, signature, args):
        floats = ir.VectorType(_FLOAT, WIDEST).as_pointer()
        places = []
        for array in (0, 2):
            data = context.make_array(signature.args[array])(context, builder, args[array]).data
            places.append(builder.bitcast(builder.gep(data, [args[array + 1]]), floats))
        value = builder.load(places[0])
        value.align = 4
        builder.store(value, places[1]).align = 4
        return context.get_dummy_value()

    return types.void(source, types.int64, target, types.int64), codegen


@intrinsic
def gather_widest(typingctx, source, places, places_at, shift, target, target_at):
    """Copy the floats at ``WIDEST`` places of `source`, each `shift` on, to neighbours in `target`.

    `places` is int64[:], read from `places_at` on.
    """

    def codegen(context, builder, signature, args):
        data = [
            context.make_array(signature.args[array])(context, builder, args[array]).data
            for array in (0, 1, 4)
        ]
        floats = ir.VectorType(_FLOAT, WIDEST)
        value = ir.Constant(floats, ir.Undefined)
        shifted = builder.gep(data[0], [args[3]])
        for lane in range(WIDEST):
            at = builder.add(args[2], ir.Constant(_INT, lane))
            place = builder.load(builder.gep(data[1], [at]))
            one = builder.load(builder.gep(shifted, [place]))
            value = builder.insert_element(value, one, ir.Constant(ir.IntType(32), lane))
        pointer = builder.bitcast(builder.gep(data[2], [args[5]]), floats.as_pointer())
        builder.store(value, pointer).align = 4
        return context.get_dummy_value()

    whole = types.int64
    return types.void(source, places, whole, whole, target, whole), codegen


@jit
def tile(width, a, a_at, b, b_at, c, c_at, step, count):
    """Go on with the sums of `ROWS` rows by `width` columns over `count` (at least 1) steps of k.

    Parameters
    ----------
    width : int
        Columns, 1 to ``WIDEST``.
    a : float32[:]
        From `a_at` on the rows of A, which lie ``PANEL`` values apart for every k.
    b : float32[:]
        From `b_at` on, `width` columns of B for every k.
    c : float32[:]
        From `c_at` on the sums, ``ROWS`` values a column; columns lie `step` apart.
    """
    if width == 12:
        _tile(12, a, a_at, b, b_at, c, c_at, step, count)
    elif width == 11:
        _tile(11, a, a_at, b, b_at, c, c_at, step, count)
    elif width == 10:
        _tile(10, a, a_at, b, b_at, c, c_at, step, count)
    elif width == 9:
        _tile(9, a, a_at, b, b_at, c, c_at, step, count)
    elif width == 8:
        _tile(8, a, a_at, b, b_at, c, c_at, step, count)
    elif width == 7:
        _tile(7, a, a_at, b, b_at, c, c_at, step, count)
    elif width == 6:
        _tile(6, a, a_at, b, b_at, c, c_at, step, count)
    elif width == 5:
        _tile(5, a, a_at, b, b_at, c, c_at, step, count)
    elif width == 4:
        _tile(4, a, a_at, b, b_at, c, c_at, step, count)
    elif width == 3:
        _tile(3, a, a_at, b, b_at, c, c_at, step, count)
    elif width == 2:
        _tile(2, a, a_at, b, b_at, c, c_at, step, count)
    else:
        _tile(1, a, a_at, b, b_at, c, c_at, step, count)
