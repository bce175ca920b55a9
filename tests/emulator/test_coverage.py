"""Every opcode of the table is executed by some test here, alone or in the corpus."""

from __future__ import annotations

import json
import lzma
import re
from pathlib import Path

import pytest
from support.corpus import FOLDER

from softbeam.kernels import ARCHITECTURES
from softbeam.sass.opcodes import OPCODES

#: An instruction in a string: its opcode follows a quote, a guard or a semicolon.
_OPCODE = re.compile(r'(?:"|; |@!?U?P[0-9T] |f")([A-Z][A-Z0-9]+)(?=[ ."{])')


def _written_in_tests() -> set[str]:
    text = "\n".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    return set(_OPCODE.findall(text))


def _compiled() -> set[str]:
    opcodes = set()
    for architecture in ARCHITECTURES:
        for path in (FOLDER / "machine_code" / architecture).glob("*.json.xz"):
            for function in json.loads(lzma.decompress(path.read_bytes()))[1]:
                opcodes |= {one["opcode"].split(".")[0] for one in function["sass-instructions"]}
    return opcodes


COVERED = _written_in_tests() | _compiled()


@pytest.mark.parametrize("name", OPCODES)
def test_opcode_is_tested(name: str) -> None:
    # A test of a family writes the names of its members apart from the U of the uniform datapath.
    assert name in COVERED, f"no test in tests/emulator executes {name}"


def test_the_corpus_has_no_opcode_that_the_table_lacks() -> None:
    assert _compiled() <= set(OPCODES)
