"""Results files that were changed behind softbeam's back: one sentence, or read rightly."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from support.older_results import of_its_time
from support.results import execute, reseal
from support.tampering import ENDLESS, FOREIGN, make_sums_fit, spoil_bytes, spoil_rows

from softbeam.campaign.results.facts import Facts, KernelFacts, LayerFacts
from softbeam.campaign.results.file import FILE_NAME
from softbeam.campaign.results.reading import ResultsReader
from softbeam.campaign.results.store import ResultsStore
from softbeam.cli import main
from softbeam.errors import ResultsError

HERE = Path(__file__).parent / "schema_1"

#: How many files of each kind are spoilt; more are asked for by hand.
SPOILT = int(os.environ.get("SOFTBEAM_SPOILT_FILES", "120"))

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with everything that results can hold, of the newest schema."""
    folder = tmp_path_factory.mktemp("whole")
    with (
        ResultsReader.open(HERE / "strata") as old,
        ResultsStore.create(folder, old.specification, {"machine": "x"}) as store,
    ):
        store.add_fault_space(old.fault_space())
        store.add_history(old)
        store.append(list(old.records()))
        store.note("a remark")
        layers = {
            (one.layer, one.kernel): KernelFacts(name=one.kernel, launches=1)
            for one in old.fault_space()
        }
        numbers = sorted({layer for layer, _ in layers})
        store.keep_facts(
            Facts(
                layers=tuple(
                    LayerFacts(
                        number=number,
                        name=f"layer {number}",
                        kernels=tuple(v for k, v in layers.items() if k[0] == number),
                    )
                    for number in numbers
                )
            )
        )
    return folder


@pytest.fixture
def run(whole: Path, tmp_path: Path) -> Path:
    """Return a copy of it."""
    shutil.copytree(whole, tmp_path / "run")
    return tmp_path / "run"


def refusal(folder: Path) -> str:
    """Return the sentence with which results are refused, by readers and by their campaign."""
    with pytest.raises(ResultsError) as caught, ResultsReader.open(folder) as reader:
        list(reader.records())
    message = str(caught.value)
    assert message.isprintable()
    assert str(folder / FILE_NAME) in message
    return message


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM injections WHERE pc = 0", "injections were written, but it holds"),
        ("DELETE FROM sessions", "rows of its table sessions are missing, added or changed"),
        ("DELETE FROM notes", "rows of its table notes are missing, added or changed"),
        ("DELETE FROM fault_space WHERE mode = 'rf'", "rows of its table fault_space are missing"),
        ("DELETE FROM facts", "rows of its table facts are missing, added or changed"),
        ("INSERT INTO sessions VALUES (99, 'x', '[]')", "rows of its table sessions are"),
        ("INSERT INTO notes VALUES (99, 'x')", "rows of its table notes are"),
        ("UPDATE injections SET pc = pc + 16", "is not as it was written"),
        ("DELETE FROM contents", "what schema_version holds is not said"),
        ("DROP TABLE notes", "it lacks the table notes"),
        ("INSERT INTO schema_version VALUES (1, '')", "2 answers 'SELECT * FROM schema_version'"),
    ],
)
def test_rows_that_are_missing_added_or_changed_are_seen(
    run: Path, statement: str, said: str
) -> None:
    execute(run, statement)
    assert said in refusal(run)


def test_a_row_that_was_taken_for_another_is_seen(run: Path) -> None:
    """As many rows, each with a checksum that fits: one has gone, another is there twice."""
    with ResultsStore.open(run) as store:
        first, second, *_ = store.records()
        key = {name: getattr(first, name) for name in ("mode", "model", "stratum", "index")}
        store._connection.set_authorizer(None)
        where = 'mode = ? AND model = ? AND stratum = ? AND "index" = ?'
        store._connection.execute(f"DELETE FROM injections WHERE {where}", (*key.values(),))
        doubled = store._format.to_row(replace(second, **key))
        store._connection.execute(store._format.insert, doubled)
    assert "injections are missing, added or changed" in refusal(run)


@pytest.mark.parametrize("statement", [one for one in FOREIGN if one.startswith("CREATE")])
def test_what_no_results_file_has_is_refused(run: Path, statement: str) -> None:
    execute(run, statement)
    message = refusal(run)
    assert "is damaged: it holds a" in message


@pytest.mark.parametrize("query", ["SELECT * FROM was", *ENDLESS])
@pytest.mark.parametrize("table", ["sessions", "injections", "schema_version", "contents"])
def test_a_view_in_the_place_of_a_table_is_never_looked_through(
    run: Path, table: str, query: str
) -> None:
    execute(run, f"ALTER TABLE {table} RENAME TO was")
    execute(run, f"CREATE VIEW {table} AS {query}")
    assert "it holds a view" in refusal(run)


def test_a_trigger_does_not_run_when_a_campaign_goes_on(run: Path) -> None:
    execute(run, "CREATE TRIGGER gone AFTER INSERT ON sessions BEGIN DELETE FROM injections; END")
    with ResultsReader.open(HERE / "strata") as old:
        specification = old.specification
    with pytest.raises(ResultsError, match="it holds a trigger 'gone'"):
        ResultsStore.resume(run, specification)


def test_a_campaign_does_not_go_on_behind_a_changed_row(run: Path) -> None:
    with ResultsReader.open(run) as reader:
        specification = reader.specification
    execute(run, "UPDATE injections SET outcome = 'DUE', detail = 'hang'")
    with pytest.raises(ResultsError, match="is not as it was written"):
        ResultsStore.resume(run, specification)


@pytest.mark.parametrize("value", ["5", "'x'", "'[]'", "x'ff'", "'{\"a\": 1}'", "'{\"a\": null}'"])
def test_odd_sessions_are_one_sentence(run: Path, value: str) -> None:
    execute(run, f"UPDATE sessions SET environment = {value}")
    reseal(run)
    with ResultsReader.open(run) as reader, pytest.raises(ResultsError, match="computed it"):
        reader.sessions()


def judged(folder: Path, arguments: list[str], capsys: Capture, how: str) -> int:
    """Run a command on a spoilt file: it ends, with 0, or with 2 and one line."""
    try:
        status = main(arguments)
    except BaseException as error:
        raise AssertionError(f"{type(error).__name__} of {how}") from error
    # What a report works on is told line by line; the error is the last line.
    *told, said = capsys.readouterr().err.splitlines() or [""]
    assert all(line.startswith("working out ") for line in told), how
    assert status in (0, 2), how
    if status == 2:
        assert said.startswith("softbeam: error: "), how
        assert said.rstrip("\n").isprintable(), how
    return status


def spoilt_files(
    source: Path, folder: Path, spoil: Callable[[Path, Random], str], count: int = SPOILT
) -> Iterator[tuple[Path, str]]:
    """Yield a spoilt copy of results again and again, with what was done to it."""
    for number in range(count):
        run = folder / "run"
        shutil.rmtree(run, ignore_errors=True)
        shutil.copytree(source, run)
        yield run, f"{number}: {spoil(run, Random(number))}"


def change_bytes(run: Path, random: Random) -> str:
    path = run / FILE_NAME
    path.write_bytes(spoil_bytes(path.read_bytes(), random))
    return "bytes"


def forge(run: Path, random: Random) -> str:
    done = spoil_rows(run, random)
    make_sums_fit(run)
    return done


@pytest.mark.slow
@pytest.mark.parametrize("spoil", [change_bytes, spoil_rows])
@pytest.mark.parametrize("schema", [1, 2])
def test_spoilt_files_are_refused_or_read_rightly(
    whole: Path, tmp_path: Path, capsys: Capture, schema: int, spoil: Callable[[Path, Random], str]
) -> None:
    source = whole if schema == 2 else HERE / "strata"
    wanted = (HERE / "strata" / "injections.csv").read_text().replace("\r\n", "\n")
    output, ends = tmp_path / "out.csv", Counter[int]()
    for run, how in spoilt_files(source, tmp_path, spoil):
        output.unlink(missing_ok=True)
        status = judged(run, ["export", str(run), "--output", str(output)], capsys, how)
        ends[status] += 1
        if status == 0 and schema == 2:
            assert of_its_time(output.read_text()) == wanted, how
    assert ends[2] > SPOILT / 3
    assert ends[0] > 0


@pytest.mark.slow
def test_forged_files_end_in_a_sentence_too(whole: Path, tmp_path: Path, capsys: Capture) -> None:
    """Whoever makes all sums fit can say what he likes, but not crash or hold up a reader."""
    for number, (run, how) in enumerate(spoilt_files(whole, tmp_path, forge, SPOILT // 4)):
        judged(run, ["export", str(run), "--output", str(tmp_path / "out.csv")], capsys, how)
        # A page takes longer than all else.
        command = "report" if number % 20 == 0 else ("tables", "advise")[number % 2]
        judged(run, [command, str(run)], capsys, how)
