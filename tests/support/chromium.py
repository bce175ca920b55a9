"""Headless Chromium, driven by its own protocol over two pipes: nothing else is needed."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: Names under which a Chromium may be installed.
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
