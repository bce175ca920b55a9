"""Programs from ONNX models, compiled by tinygrad: every kernel, nothing left to a library.

tinygrad schedules the model and writes CUDA; its NULL device runs nothing, and NVIDIA's compiler
makes cubins of it, so no GPU is needed.  Here is the bridge: a device of its own that notes what
tinygrad allocates, uploads and launches.  tinygrad's inner parts move between releases;
:data:`VERSION` is the one that the bridge was made for.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softbeam.errors import ProgramError, ToolchainError
from softbeam.program.builder import Program
from softbeam.program.description import Address
from softbeam.program.halves import to_halves
from softbeam.program.names import is_name
from softbeam.sass.toolchain import find_tool

#: The release of tinygrad whose inner parts the bridge knows.
VERSION = "0.14.0"

#: Nodes before which what they read is computed: tinygrad ends a kernel before such a one anyway.
_HEAVY = frozenset(
    (
        "Conv", "ConvTranspose", "Gemm", "MatMul", "AveragePool", "GlobalAveragePool", "MaxPool",
        "GlobalMaxPool", "Softmax", "LogSoftmax", "LayerNormalization", "InstanceNormalization",
        "GroupNormalization", "ReduceMean", "ReduceSum", "ReduceMax", "Einsum", "LSTM", "GRU",
        "Attention", "MultiHeadAttention",
    )
)  # fmt: skip


@dataclass(eq=False)
class _Memory:
    """What tinygrad takes for memory of the device: all or a part of an allocation."""

    nbytes: int
    base: _Memory | None = None
    offset: int = 0
    content: bytes | None = None
    touched: bool = False

    @property
    def root(self) -> _Memory:
        return self.base or self


@dataclass
class Recording:
    """What tinygrad did, as a program.

    Attributes
    ----------
    program : Program
        What has been noted so far.
    stage : str
        The label of the kernels that come next.
    """

    program: Program
    stage: str = ""
    _names: dict[int, str] = field(default_factory=dict)
    _kept: list[_Memory] = field(default_factory=list)
    _pending: list[_Memory] = field(default_factory=list)
    _kernels: dict[bytes, str] = field(default_factory=dict)

    def address(self, memory: _Memory) -> Address:
        """Return where memory lies in the program, which has it from now on."""
        root = memory.root
        if id(root) not in self._names:
            name = f"b{len(self._names)}"
            size = -(-root.nbytes // 4) * 4
            if root.content is None:
                self.program.buffer(name, shape=size, dtype=np.uint8)
            else:
                content = np.frombuffer(root.content.ljust(size, b"\0"), dtype=np.uint8)
                self.program.buffer(name, content)
            self._names[id(root)] = name
            self._kept.append(root)
        root.touched = True
        return Address(self._names[id(root)], memory.offset)

    def upload(self, memory: _Memory, data: bytes) -> None:
        """Note that the host writes to memory."""
        root = memory.root
        if not root.touched and memory is root:
            root.content = data
            return
        # A kernel has seen the buffer already: what the host writes now is copied at its time.
        new = _Memory(len(data), content=data)
        self.program.copy(self.address(new), self.address(memory), -(-len(data) // 4) * 4)

    def launch(
        self, elf: Any, arguments: Sequence[_Memory], grid: Any, block: Any, values: Sequence[int]
    ) -> None:
        """Note a launch."""
        if elf.lib not in self._kernels:
            taken = elf.name in self._kernels.values()
            code = self.program.code(elf.lib, origin=f"{elf.name}.cubin")
            self._kernels[elf.lib] = f"{code}:{elf.name}" if taken else elf.name
        self.program.launch(
            self._kernels[elf.lib],
            tuple(map(int, grid)),
            tuple(map(int, block)),
            *(self.address(one) for one in arguments),
            *(np.int32(one) for one in values),
            stage=self.stage,
        )


def capture(
    model: Path,
    inputs: Mapping[str, NDArray[Any]],
    architecture: str,
    name: str | None = None,
    *,
    half: bool = False,
) -> Program:
    """Return an ONNX model's inference as a program of tinygrad's kernels.

    Parameters
    ----------
    model : Path
        The model.
    inputs : mapping of str to numpy.ndarray
        What it is run with, by name of its inputs; an input that is not named gets the only one.
    architecture : str
        What the kernels are compiled for.
    name : str, optional
        The program's name; by default the file's.
    half : bool
        Whether weights, inputs and feature maps are halves; outputs are float32 all the same.

    Raises
    ------
    ToolchainError
        If tinygrad is not installed, or another release of it, or NVIDIA's compiler.
    ProgramError
        If tinygrad cannot run the model, or an input does not fit it.
    """
    with _tinygrad(architecture):
        if not half:
            return _captured(model, inputs, name or model.stem)
        given = {
            key: one.astype(np.float16) if one.dtype == np.float32 else one
            for key, one in inputs.items()
        }
        with _in_halves(model) as halves:
            return _captured(halves, given, name or model.stem)


@contextmanager
def _in_halves(model: Path) -> Iterator[Path]:
    """Write a model in half precision to a file for a while."""
    _graph(model)
    import onnx

    try:
        whole = onnx.load(str(model))
    except Exception as error:  # protobuf has exceptions of its own
        raise ProgramError(f"cannot read the model {model}: {error}") from None
    with TemporaryDirectory() as folder:
        path = Path(folder) / model.name
        onnx.save(to_halves(whole, model), str(path))
        yield path


@contextmanager
def _tinygrad(architecture: str) -> Iterator[None]:
    """Import tinygrad so that it compiles for an architecture and runs nothing."""
    nvcc = find_tool("nvcc")
    if nvcc is None:
        raise ToolchainError(
            "nvcc is needed to capture a model and is not installed: pip install 'softbeam[cuda]'"
        )
    wanted = {
        "DEV": f"NULL:NVCC:{architecture}",
        "PARALLEL": "0",
        "PATH": f"{nvcc.parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    before = {key: os.environ.get(key) for key in wanted}
    os.environ.update(wanted)
    try:
        _check_version()
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value


def _check_version() -> None:
    from importlib.metadata import PackageNotFoundError, version

    advice = f"pip install tinygrad=={VERSION} installs it"
    try:
        found = version("tinygrad")
    except PackageNotFoundError:
        raise ToolchainError(f"tinygrad is needed to capture a model: {advice}") from None
    if found != VERSION:
        raise ToolchainError(
            f"tinygrad {found} is installed; the bridge knows {VERSION} alone: {advice}"
        )
    # Its choice of a device is made when it is imported.
    if "tinygrad" in sys.modules and not os.environ.get("SOFTBEAM_CAPTURING"):
        from tinygrad.helpers import DEV

        DEV.value = os.environ["DEV"]


def _captured(model: Path, inputs: Mapping[str, NDArray[Any]], name: str) -> Program:
    from tinygrad.helpers import Context
    from tinygrad.nn.onnx import OnnxRunner
    from tinygrad.tensor import Tensor

    # What is no model is refused here, in a sentence.
    names = _node_names(model)
    recording = Recording(Program(name if is_name(name) else "model"))
    # Tensor cores softbeam does not execute; without them products of halves are FMAs.
    with _recording_device(recording), Context(TC=0):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                runner = OnnxRunner(model)
            given = _inputs(runner, inputs)
            outputs = _run(
                runner, names, {key: Tensor(one) for key, one in given.items()}, recording
            )
        except (NotImplementedError, AssertionError, RuntimeError, KeyError, TypeError) as error:
            raise ProgramError(f"tinygrad {VERSION} cannot run {model}: {error}") from error
        for key, tensor in outputs.items():
            _output(recording, key, tensor)
    return recording.program


def _inputs(runner: Any, given: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    wanted = list(runner.graph_inputs)
    if len(wanted) == 1 and list(given) == [""]:
        return {wanted[0]: given[""]}
    missing = [one for one in wanted if one not in given]
    unknown = [one for one in given if one not in wanted]
    if missing or unknown:
        raise ProgramError(
            f"the model's inputs are {', '.join(wanted)}; given are {', '.join(given) or 'none'}"
        )
    return dict(given)


def _run(
    runner: Any, names: Sequence[str], inputs: Mapping[str, Any], recording: Recording
) -> dict[str, Any]:
    """Run the model, computing what heavy nodes read before each of them, labelled by its node."""
    labels: dict[str, str] = {}
    select, place = runner._select_op, iter(range(len(runner.graph_nodes)))

    def selected(op: str, opset: Any) -> Any:
        number = next(place)
        node, function = runner.graph_nodes[number], select(op, opset)
        if op in _HEAVY:
            _realize(runner, node.inputs, labels, recording)
        inherited = [labels[one] for one in node.inputs if one in labels]
        label = names[number] if op in _HEAVY or not inherited else inherited[0]
        labels.update(dict.fromkeys(node.outputs, label))
        return function

    runner._select_op = selected
    outputs: dict[str, Any] = runner(inputs)
    for key, tensor in outputs.items():
        recording.stage = labels.get(key, "")
        whole = tensor.float() if tensor.dtype.name in ("half", "float16") else tensor
        outputs[key] = whole.contiguous().realize()
    return outputs


def _realize(
    runner: Any, names: Sequence[str], labels: Mapping[str, str], recording: Recording
) -> None:
    for name in names:
        value = runner.graph_values.get(name)
        if name in labels and hasattr(value, "realize"):
            recording.stage = labels[name]
            value.realize()


def _node_names(model: Path) -> list[str]:
    """Return the names of the model's nodes, in order; one without is its operator and number."""
    nodes = _graph(model).node
    return [node.name or f"{node.op_type}_{number}" for number, node in enumerate(nodes)]


def _graph(model: Path) -> Any:
    """Return the graph of a model, without the contents of files beside it."""
    try:
        import onnx
    except ImportError:
        raise ToolchainError(
            f"reading {model} needs the package onnx: pip install 'softbeam[tinygrad]'"
        ) from None
    try:
        return onnx.load(str(model), load_external_data=False).graph
    except Exception as error:  # protobuf has exceptions of its own
        raise ProgramError(f"cannot read the model {model}: {error}") from None


def _output(recording: Recording, name: str, tensor: Any) -> None:
    """Make an output of the program of a computed tensor, under the model's name for it."""
    memory: _Memory = tensor.uop.buffer.get_buf("NULL")
    program = recording.program
    fitting = "".join(one if one.isalnum() or one in "_.+-" else "_" for one in name)
    shape = tuple(int(side) for side in tensor.shape) or (1,)
    target = program.buffer(f"output.{fitting}", shape=shape, dtype=tensor.dtype.fmt)
    program.copy(recording.address(memory), target, -(-memory.nbytes // 4) * 4, stage="output")
    program.output(target)


@contextmanager
def _recording_device(recording: Recording) -> Iterator[None]:
    """Let tinygrad's NULL device note what it is asked for."""
    from tinygrad.device import Allocator, Device
    from tinygrad.device import Program as Runtime
    from tinygrad.engine.realize import runtime_cache

    class Notes(Allocator[Any]):
        """Allocates nothing."""

        def _alloc(self, size: int, options: Any) -> _Memory:
            return _Memory(size)

        def _offset(self, buf: _Memory, size: int, offset: int) -> _Memory:
            return _Memory(size, buf.root, buf.offset + offset)

        def _copyin(self, dest: _Memory, src: memoryview) -> None:
            recording.upload(dest, bytes(src))

        def _copyout(self, dest: memoryview, src: _Memory) -> None:
            data = src.root.content
            if data is None or src.root.touched:
                raise RuntimeError("its launches depend on numbers that only a run gives")
            dest[:] = data[src.offset : src.offset + len(dest)]

        def _transfer(
            self, dest: _Memory, src: _Memory, sz: int, src_dev: Any, dest_dev: Any
        ) -> None:
            nbytes = -(-sz // 4) * 4
            recording.program.copy(recording.address(src), recording.address(dest), nbytes)

    class Noted(Runtime[Any]):
        """Runs nothing."""

        def __init__(self, dev: Any, obj: Any) -> None:
            self.elf = obj

        def __call__(
            self,
            *bufs: _Memory,
            global_size: Any = (1, 1, 1),
            local_size: Any = (1, 1, 1),
            vals: Sequence[int] = (),
            **others: Any,
        ) -> float:
            recording.launch(self.elf, bufs, global_size, local_size, vals)
            return 0.0

    # What it keeps from an earlier model would be noted for that one.
    runtime_cache.clear()
    device = Device["NULL"]
    before = device.allocator, device.runtime_t, device.graph
    device.allocator, device.runtime_t, device.graph = Notes(device), Noted, None
    try:
        yield
    finally:
        device.allocator, device.runtime_t, device.graph = before


def input_shape(model: Path, sides: Sequence[int] | None = None) -> tuple[int, int, int, int]:
    """Return the sides of a model's only input, which takes one picture.

    Parameters
    ----------
    model : Path
        The model.
    sides : sequence of int, optional
        What they are, where the model leaves them open.

    Raises
    ------
    ProgramError
        If it cannot be read, has several inputs, or one that takes no picture, or a side is open.
    ToolchainError
        If onnx is not installed.
    """
    graph = _graph(model)
    held = {one.name for one in graph.initializer}
    wanted = [one for one in graph.input if one.name not in held]
    names = ", ".join(one.name for one in wanted)
    if len(wanted) != 1:
        raise ProgramError(
            f"{model} has {len(wanted)} inputs ({names}); give each with --input NAME=FILE.npy"
        )
    known = [one.dim_value for one in wanted[0].type.tensor_type.shape.dim]
    if sides is not None:
        fits = len(sides) == len(known) and all(
            side in (0, given) for side, given in zip(known, sides, strict=True)
        )
        if not fits:
            raise ProgramError(f"the input {names} of {model} has the sides {known}, not {sides}")
        known = list(sides)
    if known and known[0] == 0:
        known[0] = 1
    if len(known) != 4 or known[0] != 1 or known[1] not in (1, 3) or 0 in known:
        raise ProgramError(
            f"the input {names} of {model} has the sides {known}, which one picture does not fit; "
            "give --input-shape 1,C,H,W, or the numbers with --input NAME=FILE.npy"
        )
    first, second, third, fourth = known
    return first, second, third, fourth
