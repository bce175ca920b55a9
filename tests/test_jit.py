"""What the compile cache is keyed by."""

from __future__ import annotations

from pathlib import Path

import softbeam
from softbeam.jit import jitted_sources

PACKAGE = Path(softbeam.__file__).parent


def test_every_module_that_compiles_counts_and_all_that_it_imports() -> None:
    found = {str(path.relative_to(PACKAGE)) for path in jitted_sources()}
    # One that compiles, one with the numbers that it is compiled with, one far away, the compiler.
    assert {"kernels/families/pointwise.py", "emulator/core/layout.py", "jit.py"} <= found
    assert "injection/native/columns.py" in found
    assert not any(name.startswith(("cli/", "report/", "campaign/")) for name in found)


def test_imports_are_followed_through_modules_that_compile_nothing(tmp_path: Path) -> None:
    package = tmp_path / "softbeam"
    (package / "inner").mkdir(parents=True)
    sources = {
        "jit.py": "import numba\n",
        "inner/twin.py": "import x\nfrom softbeam.jit import jit\nfrom softbeam.inner import one\n",
        "inner/one.py": "import x\nfrom softbeam.inner.two import (\n    A,\n    B,\n)\n",
        "inner/two.py": "A, B = 1, 2\n",
        "inner/far.py": "import x\nfrom softbeam.inner.twin import y\n",
    }
    for name, text in sources.items():
        (package / name).write_text(text)
    found = [str(path.relative_to(package)) for path in jitted_sources(package)]
    assert found == ["inner/one.py", "inner/twin.py", "inner/two.py", "jit.py"]
