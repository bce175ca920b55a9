"""A made-up campaign with everything that a page shows, and its page, made once."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from softbeam.analysis.results import Results
from softbeam.campaign.specification import CampaignSpecification, StreamRequest
from softbeam.campaign.store import ResultsStore
from softbeam.emulator.semantics import EMULATOR_SEMANTICS
from softbeam.faults.space import FaultSpaceSize
from softbeam.injection.record import InjectionRecord
from softbeam.kernels import machine_code_sha256
from softbeam.report.page import write_report

CELLS = ((0, "im2col"), (0, "fill"), (1, "maxpool"), (2, "im2col"), (26, "softmax"))
STREAMS = (("rf", "single-bit"), ("ioa", "single-bit"), ("iov", "random-value"))

ENDS = (
    {"outcome": "SDC", "detail": "critical", "top1": 7, "largest_change": 0.9},
    {"outcome": "SDC", "detail": "tolerable", "top1": 946, "largest_change": 3e-6},
    {"outcome": "SDC", "detail": "critical", "top1": 3, "largest_change": float("inf"),
     "not_finite": True},
    {"outcome": "DUE", "detail": "illegal address"},
    {"outcome": "Masked", "detail": "absorbed"},
    {"outcome": "Masked", "detail": "never read"},
    {"outcome": "Masked", "detail": "dead"},
)  # fmt: skip


def records(make_record: Callable[..., InjectionRecord]) -> Iterator[InjectionRecord]:
    """Yield 120 injections of each stream, most of them into im2col of layer 0."""
    for mode, model in STREAMS:
        for index in range(120):
            layer, kernel = CELLS[0] if index % 3 else CELLS[index // 3 % len(CELLS)]
            end = ENDS[(index * index + len(mode) * index) % len(ENDS)]
            store = mode == "ioa" and index % 4 == 0
            yield make_record(
                index=index,
                mode=mode,
                model=model,
                layer=layer,
                kernel=kernel,
                pc=16 * (index % 20),
                opcode=("IMAD.WIDE", "STG.E", "FFMA", "LDG.E", "ISETP.GE.AND", "EXIT")[index % 6],
                target="store_address" if store else "register",
                bit=None if mode == "iov" else index % 32,
                **end,
            )


@pytest.fixture(scope="session")
def run(
    tmp_path_factory: pytest.TempPathFactory, make_record: Callable[..., InjectionRecord]
) -> Path:
    """Return the folder of the made-up campaign."""
    folder = tmp_path_factory.mktemp("runs") / "made-up"
    kernels = (
        "activate_array", "add_bias", "avgpool", "copy", "fill", "im2col", "maxpool", "normalize",
        "scale_bias", "softmax",
    )  # fmt: skip
    specification = CampaignSpecification(
        network="extraction",
        plan_sha256="0" * 64,
        weights_sha256="1" * 64,
        inputs_sha256=("2" * 64,),
        architecture="sm_90",
        kernels_sha256=machine_code_sha256(kernels, "sm_90"),
        emulator_semantics=EMULATOR_SEMANTICS,
        seed=5,
        streams=tuple(
            StreamRequest.model_validate({"mode": mode, "model": model, "injections": 120})
            for mode, model in STREAMS
        ),
    )
    with ResultsStore.create(
        folder, specification, {"python": "3.x", "machine": "made up"}
    ) as store:
        store.append(records(make_record))
        store.add_fault_space(
            FaultSpaceSize(0, mode, layer, kernel, size * (100 + 7 * layer))
            for layer, kernel in CELLS
            for mode, size in (("rf", 30), ("iov", 18), ("ioa", 20))
        )
    return folder


@pytest.fixture(scope="session")
def results(run: Path) -> Results:
    """Return the made-up campaign."""
    return Results.load(run)


@pytest.fixture(scope="session")
def page(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of the made-up campaign; its figures lie beside it."""
    return write_report(results, tmp_path_factory.mktemp("report"))[0]


@pytest.fixture(scope="session")
def open_page(request: pytest.FixtureRequest) -> Callable[[Path], Chromium]:
    """Return a function that opens a page in headless Chromium, or skip where there is none."""
    program = next((found for name in CHROMIUMS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"no Chromium: none of {', '.join(CHROMIUMS)} is installed")

    def open_(path: Path) -> Chromium:
        chromium = Chromium(program)
        request.addfinalizer(chromium.close)
        chromium.open(path)
        return chromium

    return open_


CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


class Chromium:
    """A headless Chromium with one page, driven by its own protocol over two pipes.

    The protocol is https://chromedevtools.github.io/devtools-protocol/: JSON messages, each ended
    by a zero byte, read by the browser from file descriptor 3 and written to 4.
    """

    def __init__(self, program: str) -> None:
        self._folder = tempfile.mkdtemp(prefix="softbeam-chromium-")
        commands, self._write = os.pipe()
        self._read, answers = os.pipe()
        arguments = [
            program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", f"--user-data-dir={self._folder}", "--remote-debugging-pipe",
        ]  # fmt: skip
        # The browser expects its pipes at 3 and 4, wherever this process has them.
        script = f'exec 3<&{commands} 4>&{answers}; exec "$@"'
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", script, "bash", *arguments],
            pass_fds=(commands, answers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        self._buffer, self._number, self._session = b"", 0, ""
        #: What the page complained about: console errors and warnings, exceptions, blocked loads.
        self.complaints: list[str] = []
        #: Addresses that the page asked for.
        self.requests: list[str] = []

    def open(self, path: Path) -> None:
        """Load a file and wait until it is complete."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Page.navigate", url=path.as_uri())
        self._until(lambda message: message.get("method") == "Page.loadEventFired")

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def call(self, method: str, **parameters: Any) -> Any:
        """Call a method of the protocol and return its result."""
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        answer = self._until(lambda message: message.get("id") == number)
        assert "error" not in answer, answer
        return answer["result"]

    def _until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            while b"\0" not in self._buffer:
                ready, _, _ = select.select([self._read], [], [], 60)
                assert ready, "Chromium does not answer"
                part = os.read(self._read, 1 << 16)
                assert part, "Chromium ended"
                self._buffer += part
            text, _, self._buffer = self._buffer.partition(b"\0")
            message = json.loads(text)
            self._note(message)
            if wanted(message):
                return message  # type: ignore[no-any-return]

    def _note(self, message: dict[str, Any]) -> None:
        method, parameters = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(parameters["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning"):
            self.complaints.append(json.dumps(parameters["args"]))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.complaints.append(parameters["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])

    def close(self) -> None:
        """End the browser and remove what it wrote."""
        os.close(self._write)
        self._process.terminate()
        self._process.wait(30)
        os.close(self._read)
        shutil.rmtree(self._folder, ignore_errors=True)
