"""Measure networks: instructions, memory, seconds of the profile, injections a second.

    python benchmarks/networks.py [NETWORK ...] [--injections 30]

NETWORK is a name, a .cfg file or an ONNX model; without any, those that come with softbeam and, if
Debian's package darknet is installed, Darknet's own.  Networks without weights get random ones.
Each is measured in a process of its own, in seconds of its processor time, so that other work on
the machine moves little; memory is the process's peak.  Injections are the paper's three streams.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path
from time import process_time

DARKNET = Path("/usr/share/darknet/cfg")
NAMES = (
    "tiny", "darknet", "darknet19", "alexnet", "resnet18", "resnet50", "densenet201",
    "yolov2-tiny", "yolov3-tiny", "vgg-16",
)  # fmt: skip
HEAD = (
    "network", "parameters", "launches", "thread-instructions", "golden run [s]", "profile [s]",
    "injections/s", "memory [GB]",
)  # fmt: skip


def measure(name: str, injections: int) -> list[str]:
    """Return a row of the table."""
    from softbeam.faults.modes import PAPER
    from softbeam.injection.injector import Injector
    from softbeam.network.choices import WorkloadChoices
    from softbeam.network.counts import by_layer_and_kernel, total
    from softbeam.network.device import Device
    from softbeam.network.golden import golden_run
    from softbeam.network.profile import profile_network
    from softbeam.network.workload import load_workload

    # The table is of the paper's campaign, which leaves products out.
    choices = WorkloadChoices(gemm="library")
    workload = load_workload(name, untrained=True, choices=choices)
    warm_up(workload.plan)
    start = process_time()
    golden = golden_run(workload.plan, workload.weights, workload.images[0])
    ran = process_time()
    device = Device(golden)
    profiles = {profile.launch: profile for profile in profile_network(device)}
    profiled = process_time()
    injector = Injector(device, profiles, profiles, "benchmark")
    streams = [(mode, model) for mode, model in PAPER]
    for index in range(injections, injections + 10):
        for mode, model in streams:
            injector.inject(mode, model, index)
    begin = process_time()
    for index in range(injections):
        for mode, model in streams:
            injector.inject(mode, model, index)
    rate = len(streams) * injections / (process_time() - begin)
    counts = total(by_layer_and_kernel(device, profiles))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return [
        workload.network.name,
        f"{workload.network.parameters:,}",
        f"{len(workload.plan.launches):,}",
        f"{counts.active:,}",
        f"{ran - start:.1f}",
        f"{profiled - ran:.1f}",
        f"{rate:.0f}",
        f"{memory / 1e9:.1f}",
    ]


def warm_up(plan: object) -> None:
    """Load or compile what is compiled, on a network of a few pixels."""
    from softbeam.network.darknet.cfg import parse_cfg
    from softbeam.network.device import Device
    from softbeam.network.golden import golden_run
    from softbeam.network.planner import make_plan
    from softbeam.network.profile import profile_launch
    from softbeam.network.weights import random_weights

    text = "[net]\nwidth=8\nheight=8\nchannels=3\n[conv]\nbatch_normalize=1\n[max]\n[avg]\n[soft]\n"
    layers = parse_cfg(text, "warm-up")
    small = make_plan("warm-up", layers)
    import numpy as np

    golden = golden_run(small, random_weights(layers, 0), np.zeros(192, dtype=np.float32))
    profile_launch(Device(golden), 0)


def main() -> None:
    parser = argparse.ArgumentParser(description="measure networks")
    parser.add_argument("networks", nargs="*", metavar="NETWORK")
    parser.add_argument("--injections", type=int, default=30, help="of each stream")
    parser.add_argument("--row", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.row:
        print(json.dumps(measure(given.networks[0], given.injections)))
        return
    found = [DARKNET / f"{name}.cfg" for name in NAMES]
    networks = given.networks or [
        "extraction", "googlenet", *(str(path) for path in found if path.is_file())
    ]  # fmt: skip
    print("| " + " | ".join(HEAD) + " |\n|---" + "|--:" * (len(HEAD) - 1) + "|")
    for name in networks:
        command = [sys.executable, __file__, name, "--row", "--injections", str(given.injections)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(done.stderr.strip().splitlines()[-1])
        print("| " + " | ".join(json.loads(done.stdout)) + " |", flush=True)


if __name__ == "__main__":
    main()
