"""Compile and disassemble the corpus: what ``test_corpus.py`` emulates, for three architectures.

Needs NVIDIA's tools (``pip install 'softbeam[cuda]'``); the tests need neither.

    python tests/emulator/corpus/build.py
"""

from __future__ import annotations

import json
import lzma
from pathlib import Path

from softbeam.kernels import ARCHITECTURES
from softbeam.sass.toolchain import compile_source, disassemble

CORPUS = Path(__file__).parent


def main() -> None:
    """Write ``machine_code/ARCHITECTURE/NAME.cubin.xz`` and ``NAME.json.xz``."""
    for architecture in ARCHITECTURES:
        target = CORPUS / "machine_code" / architecture
        target.mkdir(parents=True, exist_ok=True)
        for source in sorted(CORPUS.glob("*.cu")):
            cubin = compile_source(source, architecture, ["-w"])
            listing = json.loads(disassemble(cubin, origin=source.name))
            text = json.dumps(listing, separators=(",", ":")).encode()
            (target / f"{source.stem}.cubin.xz").write_bytes(lzma.compress(cubin, preset=9))
            (target / f"{source.stem}.json.xz").write_bytes(lzma.compress(text, preset=9))


if __name__ == "__main__":
    main()
