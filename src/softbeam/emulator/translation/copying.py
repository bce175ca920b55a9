"""Moving words between memory and vectors, as LLVM code: what all accesses of a module share.

The functions that are made here belong to the module that is being emitted; each is made once.
"""

from __future__ import annotations

from collections.abc import Callable

from llvmlite import ir

from softbeam.emulator.core import layout as k
from softbeam.emulator.core import translated as t
from softbeam.emulator.translation.frame import Frame
from softbeam.emulator.translation.vectors import BYTES, F64, I1, I32, I64, Value, Vectors

_LONGS = ir.VectorType(I64, k.LANES)
_WORDS = ir.VectorType(I32, k.LANES)


def _long(value: int) -> Value:
    return ir.Constant(I64, value)


def shared_function(
    frame: Frame, name: str, result: ir.Type, kinds: list[ir.Type], body: Callable[..., None]
) -> ir.Function:
    """Return a function of the module, which is made where it lacks it."""
    found = frame.module.globals.get(name)
    if found is None:
        found = ir.Function(frame.module, ir.FunctionType(result, kinds), name)
        found.linkage = "internal"
        found.attributes.add("noinline")
        frame.tune(found)
        body(ir.IRBuilder(found.append_basic_block("entry")), *found.args)
    return found


def keep_offsets(frame: Frame, offsets: Value) -> None:
    """Write the lanes' byte offsets where the functions below find them."""
    place = frame.builder.bitcast(frame.offsets, _LONGS.as_pointer())
    frame.builder.store(offsets, place).align = 8


def collect(frame: Frame, here: Value, offsets: Value, size: int) -> None:
    """Copy `size` bytes from `here` plus each lane's offset to the buffer."""

    def body(builder: ir.IRBuilder, base: Value, places: Value, buffer: Value) -> None:
        piece = ir.VectorType(I32, size // 4) if size > 4 else I32
        for lane in range(k.LANES):
            offset = builder.load(builder.gep(places, [_long(lane)]))
            source = builder.inttoptr(builder.add(base, offset), piece.as_pointer())
            value = builder.load(source)
            value.align = 4
            target = builder.bitcast(builder.gep(buffer, [_long(lane * size)]), piece.as_pointer())
            builder.store(value, target).align = 4
        builder.ret_void()

    keep_offsets(frame, offsets)
    function = shared_function(
        frame, f"collect_{size}", ir.VoidType(), [I64, I64.as_pointer(), BYTES], body
    )
    frame.builder.call(function, [here, frame.offsets, frame.buffer])


def permute(frame: Frame, words: Value, sources: Value) -> Value:
    """Return in each lane the word of another."""
    builder = frame.builder
    builder.store(words, builder.bitcast(frame.spare, words.type.as_pointer())).align = 4
    offsets = Vectors(builder).wide(sources)
    offsets = builder.shl(offsets, Vectors(builder).long(2))
    collect(frame, builder.ptrtoint(frame.spare, I64), offsets, 4)
    (result,) = take_apart(builder, frame.buffer, 4)
    return result


def look_up(frame: Frame, table: int, entries: Value) -> Value:
    """Return each lane's entry of a table of signed bytes, whose address is in the context."""

    def body(builder: ir.IRBuilder, base: Value, places: Value, buffer: Value) -> None:
        def visit(lane: Value) -> None:
            entry = builder.load(builder.gep(places, [lane]))
            byte = builder.load(builder.inttoptr(builder.add(base, entry), BYTES))
            target = builder.gep(builder.bitcast(buffer, I32.as_pointer()), [lane])
            builder.store(builder.sext(byte, I32), target)

        every = ir.Constant(I32, k.FULL_MASK)
        _highest_first(builder, builder.function, every, visit)
        builder.ret_void()

    keep_offsets(frame, Vectors(frame.builder).wide(entries))
    function = shared_function(
        frame, "look_up", ir.VoidType(), [I64, I64.as_pointer(), BYTES], body
    )
    frame.builder.call(function, [frame.addresses[table], frame.offsets, frame.buffer])
    (values,) = take_apart(frame.builder, frame.buffer, 4)
    return values


def each_lane(frame: Frame, name: str, values: Value) -> Value:
    """Call a function of the C library on each lane's float64."""
    kind = ir.FunctionType(F64, [F64])
    library = frame.module.globals.get(name) or ir.Function(frame.module, kind, name)

    def body(builder: ir.IRBuilder, places: Value) -> None:
        def visit(lane: Value) -> None:
            place = builder.gep(builder.bitcast(places, F64.as_pointer()), [lane])
            builder.store(builder.call(library, [builder.load(place)]), place)

        every = ir.Constant(I32, k.FULL_MASK)
        _highest_first(builder, builder.function, every, visit)
        builder.ret_void()

    builder = frame.builder
    room = builder.bitcast(frame.offsets, values.type.as_pointer())
    builder.store(values, room).align = 8
    function = shared_function(frame, f"each_{name}", ir.VoidType(), [I64.as_pointer()], body)
    builder.call(function, [frame.offsets])
    results = builder.load(room)
    results.align = 8
    return results


def take_apart(builder: ir.IRBuilder, place: Value, size: int) -> tuple[Value, ...]:
    """Load the words of 32 neighbouring pieces: one vector for each word of a piece."""
    parts = size // 4
    kind = ir.VectorType(I32, k.LANES * parts)
    value = builder.load(builder.bitcast(place, kind.as_pointer()))
    value.align = 4
    if parts == 1:
        return (value,)
    nothing = ir.Constant(kind, ir.Undefined)
    words = []
    for part in range(parts):
        chosen = [lane * parts + part for lane in range(k.LANES)]
        words.append(builder.shuffle_vector(value, nothing, ir.Constant(_WORDS, chosen)))
    return tuple(words)


def put_together(builder: ir.IRBuilder, place: Value, words: tuple[Value, ...]) -> None:
    """Store the words of 32 neighbouring pieces."""
    value, width = words[0], k.LANES
    if len(words) > 1:
        pairs = [
            builder.shuffle_vector(
                words[part],
                words[part + 1],
                ir.Constant(ir.VectorType(I32, 2 * width), list(range(2 * width))),
            )
            for part in range(0, len(words), 2)
        ]
        both = pairs[0]
        if len(pairs) == 2:
            every = ir.Constant(ir.VectorType(I32, 4 * width), list(range(4 * width)))
            both = builder.shuffle_vector(pairs[0], pairs[1], every)
        parts = len(words)
        order = [part * width + lane for lane in range(width) for part in range(parts)]
        nothing = ir.Constant(both.type, ir.Undefined)
        kind = ir.VectorType(I32, parts * width)
        value = builder.shuffle_vector(both, nothing, ir.Constant(kind, order))
    builder.store(value, builder.bitcast(place, value.type.as_pointer())).align = 4


def _highest_first(
    builder: ir.IRBuilder, function: ir.Function, lanes: Value, visit: Callable[[Value], None]
) -> None:
    """Visit the lanes of a mask, the highest first, so that the lowest lane's value stays."""
    _visit(builder, function, lanes, visit, lowest=False)


def lowest_first(
    builder: ir.IRBuilder, function: ir.Function, lanes: Value, visit: Callable[[Value], None]
) -> None:
    """Visit the lanes of a mask, the lowest first."""
    _visit(builder, function, lanes, visit, lowest=True)


def _visit(
    builder: ir.IRBuilder,
    function: ir.Function,
    lanes: Value,
    visit: Callable[[Value], None],
    *,
    lowest: bool,
) -> None:
    start = builder.block
    test, body, end = (function.append_basic_block(name) for name in ("test", "body", "end"))
    builder.branch(test)
    builder.position_at_end(test)
    left = builder.phi(I32)
    left.add_incoming(lanes, start)
    builder.cbranch(builder.icmp_unsigned("==", left, ir.Constant(I32, 0)), end, body)
    builder.position_at_end(body)
    if lowest:
        lane = builder.cttz(left, ir.Constant(I1, 0))
    else:
        lane = builder.sub(ir.Constant(I32, 31), builder.ctlz(left, ir.Constant(I1, 0)))
    visit(builder.zext(lane, I64))
    bit = builder.shl(ir.Constant(I32, 1), lane)
    left.add_incoming(builder.xor(left, bit), builder.block)
    builder.branch(test)
    builder.position_at_end(end)


def spread(frame: Frame, here: Value, offsets: Value, lanes: Value, size: int) -> None:
    """Copy each lane's piece of the buffer to `here` plus its offset; a narrow one from a word."""
    piece = ir.VectorType(I32, size // 4) if size >= 4 else ir.IntType(8 * size)

    def body(builder: ir.IRBuilder, base: Value, places: Value, buffer: Value, mask: Value) -> None:
        def visit(lane: Value) -> None:
            offset = builder.load(builder.gep(places, [lane]))
            source = builder.gep(buffer, [builder.mul(lane, _long(max(size, 4)))])
            value = builder.load(builder.bitcast(source, piece.as_pointer()))
            value.align = 4
            target = builder.inttoptr(builder.add(base, offset), piece.as_pointer())
            builder.store(value, target).align = min(size, 4)

        _highest_first(builder, builder.function, mask, visit)
        builder.ret_void()

    keep_offsets(frame, offsets)
    kinds = [I64, I64.as_pointer(), BYTES, I32]
    function = shared_function(frame, f"spread_{size}", ir.VoidType(), kinds, body)
    frame.builder.call(function, [here, frame.offsets, frame.buffer, lanes])


def _log_entry(frame: Frame) -> Value:
    """Return a pointer to the number of entries in the log."""
    return frame.element(t.INFORMATION_AT, _long(k.INFO_LOG))


def room_in_log(frame: Frame, entries: int) -> Value:
    """Return whether the log has room for so many entries more."""
    builder = frame.builder
    wanted = builder.add(builder.load(_log_entry(frame)), _long(entries))
    return builder.icmp_signed("<=", wanted, frame.addresses[t.LOG_ROOM])


def log_neighbours(frame: Frame, place: Value, first: Value, size: int, time: Value) -> None:
    """Log that the words of 32 neighbouring pieces are about to be stored, highest lane first."""
    builder, parts = frame.builder, size // 4
    words = k.LANES * parts
    order = [lane * parts + part for lane in reversed(range(k.LANES)) for part in range(parts)]
    kind = ir.VectorType(I32, words)
    before = builder.load(builder.bitcast(place, kind.as_pointer()))
    before.align = 4
    nothing = ir.Constant(kind, ir.Undefined)
    before = builder.shuffle_vector(before, nothing, ir.Constant(kind, order))
    vectors = Vectors(builder, words)
    numbers = builder.add(vectors.splat(first), ir.Constant(ir.VectorType(I64, words), order))
    entry = builder.load(_log_entry(frame))
    for base, value, scalar, alignment in (
        (t.LOG_WORD_AT, numbers, I64, 8),
        (t.LOG_BEFORE_AT, before, I32, 4),
        (t.LOG_TIME_AT, vectors.splat(time), I64, 8),
    ):
        target = frame.element(base, entry, scalar)
        builder.store(value, builder.bitcast(target, value.type.as_pointer())).align = alignment
    builder.store(builder.add(entry, _long(words)), _log_entry(frame))


def spread_and_log(
    frame: Frame, here: Value, word: Value, offsets: Value, lanes: Value, size: int, time: Value
) -> None:
    """Copy each lane's piece of the buffer to global memory, and log every word."""
    parts, narrow = max(size // 4, 1), ir.IntType(8 * size) if size < 4 else None

    def stamp(builder: ir.IRBuilder, now: Value, address: Value) -> Value:
        """Return the time with the bytes of the word that the store leaves alone."""
        if size >= 4:
            return now
        written = builder.shl(_long((1 << size) - 1), builder.and_(address, _long(3)))
        kept = builder.xor(written, _long(15))
        return builder.or_(now, builder.shl(kept, _long(k.KEPT_BYTES)))

    def body(builder: ir.IRBuilder, *arguments: Value) -> None:
        base, first, places, buffer, mask, now, numbers, olds, times, counter = arguments

        def visit(lane: Value) -> None:
            offset = builder.load(builder.gep(places, [lane]))
            number = builder.add(first, builder.lshr(offset, _long(2)))
            entry = builder.load(counter)
            exact = builder.add(base, offset)
            here = builder.and_(exact, _long(~3))
            for part in range(parts):
                at = builder.add(entry, _long(part))
                place = builder.add(here, _long(4 * part))
                target = builder.inttoptr(place, I32.as_pointer())
                builder.store(builder.add(number, _long(part)), builder.gep(numbers, [at]))
                builder.store(builder.load(target), builder.gep(olds, [at]))
                builder.store(stamp(builder, now, exact), builder.gep(times, [at]))
                source = builder.add(builder.mul(lane, _long(max(size, 4))), _long(4 * part))
                pointer = builder.bitcast(builder.gep(buffer, [source]), I32.as_pointer())
                if narrow is None:
                    builder.store(builder.load(pointer), target)
                else:
                    byte = builder.load(builder.bitcast(pointer, narrow.as_pointer()))
                    place = builder.inttoptr(exact, narrow.as_pointer())
                    builder.store(byte, place).align = size
            builder.store(builder.add(entry, _long(parts)), counter)

        _highest_first(builder, builder.function, mask, visit)
        builder.ret_void()

    keep_offsets(frame, offsets)
    longs, ints = I64.as_pointer(), I32.as_pointer()
    kinds = [I64, I64, longs, BYTES, I32, I64, longs, ints, longs, longs]
    function = shared_function(frame, f"spread_and_log_{size}", ir.VoidType(), kinds, body)
    frame.builder.call(
        function,
        [here, word, frame.offsets, frame.buffer, lanes, time, *log_places(frame)],
    )


def log_places(frame: Frame) -> list[Value]:
    """Return pointers to the log's words, values before, times, and number of entries."""
    kinds = ((t.LOG_WORD_AT, I64), (t.LOG_BEFORE_AT, I32), (t.LOG_TIME_AT, I64))
    places = [frame.element(base, _long(0), kind) for base, kind in kinds]
    return [*places, _log_entry(frame)]


def find_segment(frame: Frame, address: Value, slot: Value, size: Value, *, writes: bool) -> Value:
    """Look an address up and note its segment in a slot; return whether that is another one.

    A slot holds the segment's first byte, how many addresses of `size` bytes may begin in it, its
    address here and its first word in the pool.  Segments without contents, or with a start that
    is not a word's, are never found, and for a store none that may not be written.
    """

    def body(
        builder: ir.IRBuilder, wanted: Value, slot: Value, size: Value, context: Value
    ) -> None:
        def entry(index: int) -> Value:
            return builder.load(builder.gep(context, [_long(index)]))

        def array(index: int, at: Value) -> Value:
            pointer = builder.inttoptr(entry(index), I64.as_pointer())
            return builder.load(builder.gep(pointer, [at]))

        function = builder.function
        start = builder.block
        test, body_, end = (function.append_basic_block(name) for name in ("test", "half", "end"))
        check, other, none = (
            function.append_basic_block(name) for name in ("check", "other", "none")
        )
        segments = entry(t.SEGMENTS)
        builder.branch(test)
        builder.position_at_end(test)
        low, high = builder.phi(I64), builder.phi(I64)
        low.add_incoming(_long(0), start)
        high.add_incoming(segments, start)
        builder.cbranch(builder.icmp_signed("<", low, high), body_, end)
        builder.position_at_end(body_)
        middle = builder.ashr(builder.add(low, high), _long(1))
        below = builder.icmp_signed("<=", array(t.START_AT, middle), wanted)
        low.add_incoming(builder.select(below, builder.add(middle, _long(1)), low), body_)
        high.add_incoming(builder.select(below, high, middle), body_)
        builder.branch(test)
        builder.position_at_end(end)
        builder.cbranch(builder.icmp_signed(">", low, _long(0)), check, none)
        builder.position_at_end(check)
        at = builder.sub(low, _long(1))
        first, last, offset = (array(i, at) for i in (t.START_AT, t.END_AT, t.OFFSET_AT))
        if not writes:
            read = builder.and_(
                builder.icmp_signed("<=", offset, _long(k.READ_ONLY)),
                builder.icmp_signed(">", offset, _long(k.NO_ACCESS)),
            )
            offset = builder.select(read, builder.sub(_long(k.READ_ONLY), offset), offset)
        length = builder.sub(last, first)
        room = builder.add(builder.sub(length, size), _long(1))
        tests = (
            builder.icmp_signed("<", wanted, last),
            builder.icmp_signed(">=", offset, _long(0)),
            builder.icmp_signed(">", room, _long(0)),
            builder.icmp_signed(">=", first, _long(0)),
            builder.icmp_signed("<", last, _long(1 << 56)),
            builder.icmp_unsigned("==", builder.and_(first, _long(3)), _long(0)),
            builder.or_(
                builder.icmp_signed("!=", builder.load(slot), first),
                builder.icmp_signed("==", builder.load(builder.gep(slot, [_long(1)])), _long(0)),
            ),
        )
        found = tests[0]
        for one in tests[1:]:
            found = builder.and_(found, one)
        builder.cbranch(found, other, none)
        builder.position_at_end(other)
        here = builder.add(entry(t.WORDS_AT), builder.shl(offset, _long(2)))
        for place, value in enumerate((first, room, here, offset)):
            builder.store(value, builder.gep(slot, [_long(place)]))
        builder.ret(ir.Constant(I1, 1))
        builder.position_at_end(none)
        builder.ret(ir.Constant(I1, 0))

    kinds = [I64, I64.as_pointer(), I64, I64.as_pointer()]
    name = "find_writable" if writes else "find_segment"
    function = shared_function(frame, name, I1, kinds, body)
    return frame.builder.call(function, [address, slot, size, frame.context])


def count_rows(frame: Frame, first: int, rows: int) -> None:
    """Count the active lanes of the first rows of a block that is left early."""

    def body(
        builder: ir.IRBuilder, first: Value, rows: Value, active: Value, context: Value
    ) -> None:
        function = builder.function
        start = builder.block

        def entry(index: int) -> Value:
            return builder.load(builder.gep(context, [_long(index)]))

        profiled = entry(t.PROFILED)
        test, add, end = (function.append_basic_block(name) for name in ("test", "add", "end"))
        wanted = builder.icmp_signed(">", profiled, _long(0))
        builder.cbranch(wanted, test, end)
        builder.position_at_end(test)
        row = builder.phi(I64)
        row.add_incoming(first, start)
        last = builder.add(first, rows)
        builder.cbranch(builder.icmp_signed("<", row, last), add, end)
        builder.position_at_end(add)
        builder.store(_long(1), builder.gep(context, [_long(t.PROFILE_TOUCHED)]))
        profile = builder.inttoptr(entry(t.PROFILE_AT), I64.as_pointer())
        for kind in range(2):
            place = builder.add(builder.shl(row, _long(1)), _long(kind))
            pointer = builder.gep(profile, [place])
            builder.store(builder.add(builder.load(pointer), active), pointer)
        row.add_incoming(builder.add(row, _long(1)), add)
        builder.branch(test)
        builder.position_at_end(end)
        builder.ret_void()

    kinds = [I64, I64, I64, I64.as_pointer()]
    function = shared_function(frame, "count_rows", ir.VoidType(), kinds, body)
    frame.builder.call(function, [_long(first), _long(rows), frame.active, frame.context])
