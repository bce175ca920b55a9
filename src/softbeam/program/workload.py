"""What a user names, a network or a program, read and made ready to be struck."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from softbeam.errors import ProgramError
from softbeam.logs import timed
from softbeam.network.catalogue import Network
from softbeam.network.choices import USUAL, WorkloadChoices
from softbeam.network.hardening.calibration import UNCALIBRATED, Calibration
from softbeam.network.preprocessing import PLAIN, Preprocessing
from softbeam.network.workload import Workload, load_workload, weights_hash
from softbeam.program.folder import is_program, read_program
from softbeam.program.loading import Loaded, contents_before, load
from softbeam.program.planning import plan_of, profiles_of_records
from softbeam.program.recording import record

_LOG = logging.getLogger(__name__)


def load_any(
    name: str,
    *,
    weights: Path | None = None,
    names: Path | None = None,
    untrained: bool = False,
    images: Sequence[Path] = (),
    preprocessing: Preprocessing = PLAIN,
    choices: WorkloadChoices = USUAL,
    labelled: bool = False,
    labels: Path | None = None,
    calibration: Calibration = UNCALIBRATED,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Workload:
    """Read a network with its files, or a program, which is run once to see what it touches.

    Parameters
    ----------
    name : str
        A network's name, the path of its file, or the folder of a program.
    weights, names, untrained, images, preprocessing, choices, labelled, labels, calibration
        As :func:`softbeam.network.workload.load_workload`; a program has none of the files.
    progress : callable
        Called with the steps of a program that have run, and all.

    Raises
    ------
    ProgramError
        If something is wrong with the program.
    NetworkError, ImageError, TooLargeError
        As :func:`softbeam.network.workload.load_workload`.
    """
    if not is_program(name):
        return load_workload(
            name,
            weights=weights,
            names=names,
            untrained=untrained,
            images=images,
            preprocessing=preprocessing,
            choices=choices,
            labelled=labelled,
            labels=labels,
            calibration=calibration,
        )
    if choices.harden is not None:
        raise ProgramError(
            f"{name} is a program, whose kernels are its own; leave --harden out, and harden its "
            "sources"
        )
    given = {"--weights": weights, "--names": names, "--image": images, "--labels": labels}
    wrong = [option for option, value in given.items() if value]
    if preprocessing != PLAIN:
        wrong.append("what is done to pictures")
    if wrong:
        raise ProgramError(f"{name} is a program, with its inputs in it; leave {wrong[0]} out")
    return _load(Path(name), choices, progress)


def _load(folder: Path, choices: WorkloadChoices, progress: Callable[[int, int], None]) -> Workload:
    program = read_program(folder)
    loaded = load(program)
    architecture = _architecture(folder, loaded)
    if "architecture" in choices.model_fields_set and choices.architecture != architecture:
        raise ProgramError(
            f"the machine code of {folder} is for {architecture}; leave --arch "
            f"{choices.architecture} out"
        )
    before = contents_before(loaded)
    with timed(_LOG, f"ran {folder} once, noting what each unit reads and writes"):
        records = list(record(loaded, progress))
    plan = plan_of(loaded, records)
    first = loaded.allocations[0].name
    others = {name: words for name, words in before.items() if name != first}
    code = b"".join(hashlib.sha256(one.cubin).digest() for one in program.codes)
    described = hashlib.sha256(repr(program.without_contents()).encode())
    for content in program.constants.values():
        # A long array's text is abridged.
        described.update(content.tobytes())
    return Workload(
        network=Network(program.name, plan.layers, image=(1, 1, 1), answer=(1, 1, 1)),
        plan=plan,
        choices=WorkloadChoices(architecture=architecture),
        weights=others,
        images=(before[first],),
        plan_sha256=described.hexdigest(),
        weights_sha256=weights_hash(others),
        inputs_sha256=(hashlib.sha256(before[first].tobytes()).hexdigest(),),
        kernels_sha256=hashlib.sha256(code).hexdigest(),
        input_files=(folder.name,),
        preprocessing="",
        network_file=folder.name,
        profiles=profiles_of_records(records),
    )


def _architecture(folder: Path, loaded: Loaded) -> str:
    found = sorted({one.program.function.architecture for one in loaded.launches.values()})
    if len(found) != 1:
        raise ProgramError(
            f"the machine code of {folder} is for several architectures: {', '.join(found)}; give "
            "all of it for one"
        )
    return found[0]
