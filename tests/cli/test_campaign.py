"""``softbeam campaign`` and ``merge``: the same rows however they are made, and nothing lost."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import numpy as np
import pytest
from support.networks import NetworkFiles

from softbeam.campaign.results.file import FILE_NAME
from softbeam.campaign.results.store import ResultsStore
from softbeam.campaign.setup import inject_in_worker
from softbeam.campaign.streams import InjectionName
from softbeam.cli import main

pytestmark = pytest.mark.usefixtures("own_cache")

Capture = pytest.CaptureFixture[str]

DOOR = [sys.executable, "-c", "from softbeam.cli import main; raise SystemExit(main())"]

#: The paper's streams.
STREAMS = [("rf", "single-bit"), ("iov", "random-value"), ("ioa", "single-bit")]


def rows(folder: Path) -> list[str]:
    """Return a campaign's rows as text, in order."""
    with ResultsStore.open(folder) as store:
        return list(map(repr, store.records()))


def size(folder: Path) -> int:
    """Return how many rows a campaign has so far, without ever waiting for its lock.

    "rw": what a killed campaign was writing must be rolled back before anything can be read.
    """
    try:
        with contextlib.closing(
            sqlite3.connect(f"file:{folder / FILE_NAME}?mode=rw", uri=True, timeout=0)
        ) as connection:
            return int(connection.execute("SELECT count(*) FROM injections").fetchone()[0])
    except sqlite3.Error:
        return 0


@pytest.fixture(scope="session")
def wanted(
    network_files: NetworkFiles, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[int], list[str]]:
    """Return a function that makes the rows of the paper's campaign, one by one, in no pool."""
    from softbeam.campaign.choices import CampaignChoices
    from softbeam.campaign.preparation import prepare
    from softbeam.campaign.setup import specify
    from softbeam.campaign.specification import StreamRequest
    from softbeam.network.choices import WorkloadChoices
    from softbeam.network.workload import load_workload

    workload = load_workload(
        str(network_files.cfg),
        weights=network_files.weights,
        images=network_files.images[:2],
        choices=WorkloadChoices(gemm="library"),
    )
    streams = tuple(
        StreamRequest(mode=mode, model=model, injections=1)  # type: ignore[arg-type]
        for mode, model in STREAMS
    )
    specification = specify(workload, CampaignChoices(), streams)
    folder = tmp_path_factory.mktemp("wanted")
    inject = inject_in_worker(prepare(workload, specification, folder, folder))

    def make(number: int) -> list[str]:
        return [
            repr(inject(InjectionName(mode, model, "", index)))
            for mode, model in sorted(STREAMS)
            for index in range(number)
        ]

    return make


@pytest.fixture
def command(network_files: NetworkFiles) -> list[str]:
    """Return the paper's campaign on the tiny network and two inputs, without numbers."""
    images = [option for image in network_files.images[:2] for option in ("--image", str(image))]
    # As --paper does it anyway, so that parts without it belong to the same campaign.
    return ["campaign", *network_files.options, *images, "--gemm", "library"]


def start(arguments: list[str]) -> subprocess.Popen[str]:
    """Start a campaign in a process group of its own."""
    return subprocess.Popen(
        [*DOOR, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for_rows(process: subprocess.Popen[str], folder: Path, number: int) -> None:
    """Wait until a campaign has so many rows, or has ended."""
    while process.poll() is None and size(folder) < number:
        time.sleep(0.02)


@pytest.mark.slow
def test_the_rows_do_not_depend_on_the_workers(
    command: list[str], wanted: Callable[[int], list[str]], tmp_path: Path, capsys: Capture
) -> None:
    expected = wanted(60)
    for workers in ("1", "2", "3"):
        out = tmp_path / workers
        options = ["--paper", "--injections", "60", "--workers", workers, "--out", str(out)]
        assert main([*command, *options]) == 0
        assert rows(out) == expected
        said = capsys.readouterr().err
        assert said == f"180 injections made, 180 in {out}; see softbeam tables {out}\n"


@pytest.mark.slow
def test_parts_in_any_number_join_to_the_whole(
    command: list[str], wanted: Callable[[int], list[str]], tmp_path: Path, capsys: Capture
) -> None:
    expected = wanted(40)
    parts = {
        "a": ["--mode", "rf", "--injections", "15"],
        "b": ["--paper", "--injections", "40", "--part", "1/2"],
        "c": ["--paper", "--injections", "40", "--part", "2/2"],
    }
    for name, options in parts.items():
        out = ["--out", str(tmp_path / name), "--workers", "1"]
        assert main([*command, *options, *out]) == 0
    # A campaign that is made longer in several commands is the same, too.
    options = ["--paper", "--injections", "10", "--out", str(tmp_path / "c2"), "--workers", "1"]
    assert main([*command, *options]) == 0
    capsys.readouterr()
    folders = [str(tmp_path / name) for name in ("a", "b", "c2", "c")]
    assert main(["merge", *folders, "--out", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().err == f"120 injections of 4 parts in {tmp_path / 'out'}\n"
    assert rows(tmp_path / "out") == expected
    whole = ["--paper", "--injections", "40", "--workers", "2"]
    assert main([*command, *whole, "--out", str(tmp_path / "c2")]) == 0
    assert rows(tmp_path / "c2") == expected


@pytest.mark.slow
def test_a_campaign_that_is_killed_again_and_again_loses_nothing(
    command: list[str],
    wanted: Callable[[int], list[str]],
    tmp_path: Path,
    own_cache: Path,
) -> None:
    number, random = 2500, Random(8)
    arguments = [*command, "--paper", "--injections", str(number), "--workers", "2"]
    arguments += ["--out", str(tmp_path / "run")]
    moments = [0, *sorted(random.randrange(1, 2 * number) for _ in range(2))]
    killed, before = 0, 0
    for moment in moments:
        process = start(arguments)
        wait_for_rows(process, tmp_path / "run", moment)
        # Somewhere between two writes, or in one; or in the beginning.
        time.sleep(random.uniform(0, 0.2 if moment else 1.2))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            killed += 1
        process.communicate()
        done = size(tmp_path / "run")
        assert done >= before
        before = done
    assert killed >= 2
    process = start(arguments)
    _, said = process.communicate()
    assert process.returncode == 0
    assert rows(tmp_path / "run") == wanted(number)
    assert said.endswith(
        f" {3 * number} in {tmp_path / 'run'}; see softbeam tables {tmp_path / 'run'}\n"
    )
    # Golden runs of the killed ones are gone, and so is everything else but the results.
    assert list(own_cache.iterdir()) == []
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [FILE_NAME]


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(
    command: list[str], wanted: Callable[[int], list[str]], tmp_path: Path
) -> None:
    out = tmp_path / "a run"
    arguments = [*command, "--paper", "--injections", "1500", "--workers", "2", "--out", str(out)]
    process = start(arguments)
    wait_for_rows(process, out, 300)
    os.killpg(process.pid, signal.SIGINT)
    printed, said = process.communicate()
    assert process.returncode == 130
    assert printed == ""
    first, second = said.strip().splitlines()
    assert first == f"Stopped. What was done is kept in {out}; go on with"
    kept = size(out)
    assert 300 <= kept < 4500
    program, *again = shlex.split(second)
    assert (program, again) == ("softbeam", arguments)
    done = subprocess.run([*DOOR, *again], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr.startswith(f"{4500 - kept} injections made, 4500 in")
    assert rows(out) == wanted(1500)


@pytest.mark.slow
def test_ctrl_c_at_once_leaves_no_traceback(command: list[str], tmp_path: Path) -> None:
    out = tmp_path / "run"
    process = start([*command, "--paper", "--workers", "2", "--out", str(out)])
    # Its workers start when there are results to be filled.
    while process.poll() is None and not (out / FILE_NAME).exists():
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in said


#: What the worker of the test below runs: one injection kills it.
DEADLY = """
import os
import signal

from softbeam.campaign.setup import InjectorSetup


def deadly(setup):
    from softbeam.campaign.setup import inject_in_worker

    inject = inject_in_worker(setup)

    def work(name):
        if name.index == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return inject(name)

    return work
"""


@pytest.mark.slow
def test_an_injection_without_result_is_reported_and_makes_the_exit_status_three(
    command: list[str],
    wanted: Callable[[int], list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    (tmp_path / "deadly_command.py").write_text(DEADLY)
    monkeypatch.syspath_prepend(str(tmp_path))
    import deadly_command  # type: ignore[import-not-found]

    out = tmp_path / "run"
    arguments = [*command, "--mode", "rf", "--injections", "6", "--workers", "1"]
    arguments += ["--out", str(out)]
    with monkeypatch.context() as patched:
        patched.setattr("softbeam.campaign.setup.inject_in_worker", deadly_command.deadly)
        assert main(arguments) == 3
    said = capsys.readouterr().err.splitlines()
    assert said == [
        f"5 injections made, 5 in {out}; see softbeam tables {out}",
        "no result for rf single-bit 2: it ended its worker 3 times, at last with signal 9",
    ]
    with ResultsStore.open(out) as store:
        message = "it ended its worker 3 times, at last with signal 9"
        assert store.notes() == (f"internal error, no result for rf single-bit 2: {message}",)
    expected = [row for row in wanted(6) if "mode='rf'" in row]
    assert rows(out) == [*expected[:2], *expected[3:]]
    del sys.modules["deadly_command"]
    # It is tried again.
    assert main(arguments) == 0
    assert rows(out) == expected


@pytest.mark.slow
def test_a_margin_in_every_kernel(
    network_files: NetworkFiles, tmp_path: Path, capsys: Capture
) -> None:
    from softbeam.analysis.estimation import Estimator
    from softbeam.analysis.sample import counts_of
    from softbeam.injection.outcomes import OUTCOMES

    out = tmp_path / "run"
    arguments = ["campaign", *network_files.options, "--mode", "iov", "--workers", "1"]
    for image in network_files.images:
        arguments += ["--image", str(image)]
    arguments += ["--margin", "0.15", "--per", "kernel"]
    assert main([*arguments, "--out", str(out)]) == 0
    with ResultsStore.open(out) as store:
        records = list(store.records())
        counts = counts_of(store)
    assert all(record.stratum == f"{record.layer}/{record.kernel}" for record in records)
    assert {record.kernel for record in records} == {
        *("fill", "im2col", "copy", "normalize", "scale_bias", "add_bias", "activate_array"),
        *("maxpool", "avgpool", "softmax", "sgemm_32x32"),
    }
    # Injections take turns at the inputs, and it is the printed interval that is narrow enough.
    assert {record.image for record in records} == {0, 1, 2}
    assert counts.design.images == 3
    printed_interval = Estimator(counts).share
    for kernel in {record.kernel for record in records}:
        for outcome in OUTCOMES:
            share = printed_interval(counts["outcome"] == outcome, counts["kernel"] == kernel)
            assert (share.high - share.low) / 2 <= 0.15
    capsys.readouterr()
    assert main([*arguments, "--out", str(out)]) == 0
    assert capsys.readouterr().err.startswith(f"0 injections made, {len(records)} in")
    assert main(["tables", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "Each kernel of each layer was drawn from apart" in printed
    assert "The 3 inputs are clusters" in printed


@pytest.mark.slow
def test_a_margin_that_the_inputs_do_not_allow(
    network_files: NetworkFiles, tmp_path: Path, capsys: Capture
) -> None:
    from skimage.io import imsave

    # In a black image most values are zero behind every layer, and so are most wrong ones.
    black, out = tmp_path / "black.png", tmp_path / "run"
    imsave(black, np.zeros((10, 10, 3), dtype=np.uint8), check_contrast=False)
    arguments = ["campaign", *network_files.options, "--mode", "iov", "--margin", "0.05"]
    for image in (black, network_files.images[0]):
        arguments += ["--image", str(image)]
    assert main([*arguments, "--workers", "1", "--out", str(out)]) == 4
    made, sentence, *shares = capsys.readouterr().err.splitlines()
    assert made.endswith(f"see softbeam tables {out}")
    assert sentence.startswith("The margin of 0.05 is out of reach with these 2 inputs, however")
    for line in shares:
        found = re.fullmatch(
            r"  iov single-bit (SDC|Masked): now \+-(\S+), never much below \+-(\S+)", line
        )
        assert found is not None
        assert 0.05 < float(found[3]) <= float(found[2]) < 0.5
    assert len(shares) == 2
    # Nothing more is made by asking again, and what there is can be read.
    before = rows(out)
    assert len(before) < 10_000
    assert main([*arguments, "--workers", "2", "--out", str(out)]) == 4
    assert rows(out) == before


def refused(arguments: list[str], capsys: Capture) -> str:
    """Return the sentence that a command line is refused with."""
    assert main(arguments) == 2
    printed, said = capsys.readouterr()
    assert printed == ""
    said = re.sub(r"^First run: compiling .*\n", "", said)
    assert said.startswith("softbeam: error: ")
    assert said.count("\n") == 1
    return said.removeprefix("softbeam: error: ").rstrip()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--mode", "rg"], "--mode 'rg' is not possible: it must be 'rf', "),
        (["--mode", "rf", "--model", "flip"], "--model 'flip' is not possible"),
        (
            ["--mode", "ioa", "--model", "random-value"],
            "mode ioa (instruction output address) takes",
        ),
        (["--mode", "rf", "--semantics", "nvbitfi"], "the rules of nvbitfi have no mode rf"),
        (["--mode", "rf", "--semantics", "beam"], "--semantics 'beam' is not possible"),
        (["--mode", "rf", "--groups", "fp16"], "there is no group of opcodes 'fp16'; the groups"),
        (["--mode", "rf", "--layers", "99"], "tiny has no layer 99 to strike; it has 0, 1"),
        (
            ["--mode", "rf", "--layers", "0,x"],
            "--layers 'x' is not possible: it must be a whole number",
        ),
        (["--mode", "rf", "--kernels", "gemm"], "tiny has no kernel 'gemm' to strike; it has"),
        (
            ["--mode", "rf", "--arch", "sm_10"],
            "--arch 'sm_10' is not possible: it must be 'sm_75'",
        ),
        (["--mode", "rf", "--im2col", "never"], "--im2col 'never' is not possible"),
        (["--mode", "rf", "--injections", "0"], "--injections 0 is not possible"),
        (["--mode", "rf", "--seed", "-1"], "--seed -1 is not possible"),
        (["--mode", "rf", "--margin", "0.5"], "--margin 0.5 is not possible"),
        (["--mode", "rf", "--margin", "0.1", "--injections", "9"], "give injections or margin"),
        (["--mode", "rf", "--per", "layer"], "confidence and per are given, but they are about"),
        (["--mode", "rf", "--part", "3"], "--part is '3'; it must be K/N, such as 2/5"),
        (["--mode", "rf", "--part", "3/2"], "there is no part 3 of 2"),
        (["--mode", "rf", "--part", "1/2", "--margin", "0.1"], "--part cannot be used with"),
        (["--mode", "iov", "--groups", "predicate"], "nothing to strike: no instruction"),
        ([], "give modes (rf, ioa, iov, predicate, "),
    ],
)
def test_a_wrong_option_is_one_sentence_and_leaves_nothing(
    command: list[str], options: list[str], message: str, tmp_path: Path, capsys: Capture
) -> None:
    out = tmp_path / "run"
    assert refused([*command, *options, "--out", str(out)], capsys).startswith(message)
    assert not out.exists()


@pytest.mark.parametrize("cut", [3, -4, 4])
def test_weights_of_another_size_are_told_apart(
    network_files: NetworkFiles, tmp_path: Path, capsys: Capture, cut: int
) -> None:
    weights = tmp_path / "cut.weights"
    data = network_files.weights.read_bytes()
    weights.write_bytes(data + bytes(cut) if cut > 3 else data[:cut])
    arguments = ["campaign", str(network_files.cfg), "--weights", str(weights), "--mode", "rf"]
    message = refused([*arguments, "--out", str(tmp_path / "run")], capsys)
    assert str(weights) in message
    assert f"the file has {len(weights.read_bytes())}" in message or "header" in message
    assert not (tmp_path / "run").exists()


def test_files_that_are_not_what_they_should_be(
    network_files: NetworkFiles, tmp_path: Path, capsys: Capture
) -> None:
    noise, out = tmp_path / "noise", str(tmp_path / "run")
    noise.write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    paper = ["--paper", "--out", out]
    for wrong in (paper, ["--out", out], ["--mode", "xyz", "--out", out]):
        # The network comes first: the modes of one that there is not are no help.
        message = refused(["campaign", "extracton", *wrong], capsys)
        assert message.startswith("unknown network 'extracton'; known are extraction")
    message = refused(["campaign", str(tmp_path / "no.cfg"), *paper], capsys)
    assert str(tmp_path / "no.cfg") in message
    options = network_files.options
    message = refused(["campaign", *options, "--image", str(noise), *paper], capsys)
    assert message.startswith(f"cannot read the image {noise}")
    message = refused(["campaign", *options, "--image", str(tmp_path / "no.png"), *paper], capsys)
    assert str(tmp_path / "no.png") in message
    (tmp_path / "empty").mkdir()
    message = refused(["campaign", *options, "--image", str(tmp_path / "empty"), *paper], capsys)
    assert message.startswith(f"the folder {tmp_path / 'empty'} holds no image")
    message = refused(["campaign", str(network_files.cfg), *paper], capsys)
    assert message.startswith("no weights come with softbeam for network 'tiny'")
    assert not (tmp_path / "run").exists()


def test_campaign_files(network_files: NetworkFiles, tmp_path: Path, capsys: Capture) -> None:
    file, out = tmp_path / "study.toml", tmp_path / "run"
    file.write_text("network = \n")
    message = refused(["campaign", str(file), "--out", str(out)], capsys)
    assert message == f"{file} is no TOML: Invalid value (at line 1, column 11)"
    file.write_text(f'network = "{network_files.cfg}"\nmodes = ["rf"]\n\nseed = "one"\n')
    message = refused(["campaign", str(file), "--out", str(out)], capsys)
    assert message.startswith(f"{file}, line 4, seed: it must be a whole number")
    message = refused(["campaign", str(file), "--mode", "rf", "--out", str(out)], capsys)
    assert message == f"--mode is given beside the campaign file {file}; write it into the file"
    message = refused(["campaign", str(file), "--box-overlap", "0.3", "--out", str(out)], capsys)
    assert message.startswith("--box-overlap is given beside the campaign file")
    message = refused(["campaign", str(tmp_path / "no.toml"), "--out", str(out)], capsys)
    assert (
        message
        == f"cannot read the campaign file {tmp_path / 'no.toml'}: No such file or directory"
    )
    assert not out.exists()


@pytest.fixture
def finished(command: list[str], tmp_path: Path, capsys: Capture) -> Path:
    """Return a campaign of two injections, done."""
    out = tmp_path / "finished"
    arguments = [*command, "--mode", "rf", "--injections", "2", "--workers", "1"]
    assert main([*arguments, "--out", str(out)]) == 0
    capsys.readouterr()
    return out


@pytest.mark.slow
def test_a_campaign_is_not_made_shorter(
    command: list[str], finished: Path, capsys: Capture
) -> None:
    fewer = ["--mode", "rf", "--mode", "iov", "--injections", "1", "--workers", "1"]
    assert main([*command, *fewer, "--out", str(finished)]) == 0
    first, last = capsys.readouterr().err.splitlines()
    assert first == (
        "This campaign was asked for more before, and goes on to that: 2 of rf single-bit."
    )
    assert last.startswith("1 injections made, 3 in ")


@pytest.mark.slow
def test_results_that_cannot_be_continued(
    command: list[str], network_files: NetworkFiles, finished: Path, capsys: Capture
) -> None:
    before = (finished / FILE_NAME).read_bytes()
    more = ["--mode", "rf", "--injections", "3", "--out", str(finished)]
    for options, field in [
        (["--seed", "2"], "seed is 1, this one's 2"),
        (["--semantics", "sassifi"], "fault_semantics is 'hardware', this one's 'sassifi'"),
        (["--kernels", "fill"], "kernels is not given, this one's 'fill'"),
        (["--stratified"], "sampling is 'uniform', this one's 'stratified'"),
    ]:
        message = refused([*command, *more, *options], capsys)
        assert message.startswith(f"{finished / FILE_NAME} holds another campaign: its {field}")
    one_input = ["campaign", *network_files.options, "--image", str(network_files.images[0])]
    one_input += ["--gemm", "library"]
    assert "holds another campaign: its inputs_sha256 (inputs) is " in refused(
        [*one_input, *more], capsys
    )
    assert (finished / FILE_NAME).read_bytes() == before
    # A page, the end, everything.
    for broken in (before[:4096] + b"\xff" * 4096 + before[8192:], before[:9000], b"no database"):
        (finished / FILE_NAME).write_bytes(broken)
        assert str(finished / FILE_NAME) in refused([*command, *more], capsys)
        assert (finished / FILE_NAME).read_bytes() == broken


def test_folders_that_cannot_be_written_to(
    command: list[str], tmp_path: Path, capsys: Capture
) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("")
    for out in (occupied / "run", Path("/proc/run"), occupied):
        message = refused([*command, "--paper", "--out", str(out)], capsys)
        assert str(out) in message
    if os.geteuid():
        sealed = tmp_path / "sealed"
        sealed.mkdir(mode=0o500)
        message = refused([*command, "--paper", "--out", str(sealed / "run")], capsys)
        assert str(sealed) in message


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Return a function that mounts a small disk, or gives it another size."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = False

    def mount(size: str) -> Path:
        nonlocal mounted
        how = f"{'remount,' if mounted else ''}size={size}"
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", how, "tmpfs", str(disk)],
            capture_output=True,
            check=False,
        )
        if done.returncode:
            pytest.skip("a disk that can be filled needs mount, and the right to use it")
        mounted = True
        return disk

    if os.geteuid():
        pytest.skip("only root can mount a disk that can be filled")
    try:
        yield mount
    finally:
        if mounted:
            subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.slow
def test_a_full_disk_keeps_what_was_written_and_goes_on_when_there_is_room(
    command: list[str],
    wanted: Callable[[int], list[str]],
    small_disk: Callable[[str], Path],
    capsys: Capture,
) -> None:
    out = small_disk("256k") / "run"
    arguments = [*command, "--paper", "--injections", "700", "--workers", "1", "--out", str(out)]
    message = refused(arguments, capsys)
    assert message.startswith(f"cannot write {out / FILE_NAME}: ")
    assert "full" in message
    expected = wanted(700)
    kept = rows(out)
    assert 0 < len(kept) < 2100
    assert set(kept) <= set(expected)
    small_disk("32m")
    assert main(arguments) == 0
    assert rows(out) == expected


def test_a_disk_that_is_full_from_the_beginning(
    command: list[str], small_disk: Callable[[str], Path], capsys: Capture
) -> None:
    disk = small_disk("8k")
    message = refused([*command, "--paper", "--out", str(disk / "run")], capsys)
    assert message.startswith(f"cannot create {disk / 'run' / FILE_NAME}: ")
    assert list(disk.rglob("*.*")) == []


def test_a_temporary_disk_without_room_for_the_golden_run(
    command: list[str],
    small_disk: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    disk = small_disk("16k")
    monkeypatch.setenv("TMPDIR", str(disk))
    message = refused([*command, "--paper", "--out", str(tmp_path / "run")], capsys)
    assert message.startswith("the golden runs, one for each input, need ")
    assert f" on the disk of {disk}" in message
    assert message.endswith("give fewer inputs, or name another disk with TMPDIR")
    assert not (tmp_path / "run").exists()
    assert list(disk.iterdir()) == []
