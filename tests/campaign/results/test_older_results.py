"""Results of older schemas: read as they are, continued in a copy, merged; newer ones named."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.networks import NetworkFiles
from support.older_results import of_its_time
from support.results import SPECIFICATION, execute, reseal

from softbeam.analysis.columns import COLUMNS
from softbeam.analysis.export import write_csv
from softbeam.analysis.results import Results
from softbeam.campaign.results import store as store_module
from softbeam.campaign.results.facts import Facts, LayerFacts, facts_beside
from softbeam.campaign.results.file import FILE_NAME
from softbeam.campaign.results.merging import merge
from softbeam.campaign.results.reading import ResultsReader
from softbeam.campaign.results.schema import SCHEMA
from softbeam.campaign.results.store import ResultsStore
from softbeam.cli import main
from softbeam.errors import CampaignError, ResultsError
from softbeam.injection.record import InjectionRecord

HERE = Path(__file__).parent

#: Folders with results of schema 1, each with what the softbeam of its time exported.
OLDER = sorted((HERE / "schema_1").glob("*/"))

#: The name under which an old file is kept when its campaign goes on.
FORMER = "results.schema-1.sqlite"

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Return a copy of a folder of schema 1."""
    shutil.copytree(HERE / "schema_1" / "tiny", tmp_path / "old")
    return tmp_path / "old"


def exported(folder: Path, to: Path) -> str:
    results = Results.load(folder)
    write_csv(results.records, results.specification, to)
    return of_its_time(to.read_text())


@pytest.mark.parametrize("folder", OLDER, ids=lambda one: one.name)
def test_older_results_are_read_as_they_are(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    before = (folder / FILE_NAME).read_bytes()
    assert exported(tmp_path / "copy", tmp_path / "new.csv") == (
        folder / "injections.csv"
    ).read_text().replace("\r\n", "\n")
    assert (tmp_path / "copy" / FILE_NAME).read_bytes() == before
    results = Results.load(tmp_path / "copy")
    assert results.layers == results.facts.layer_names != {}
    assert results.facts.launches == {}
    assert results.sizes
    assert results.sessions[0]["softbeam"] == "0.1.0"
    assert len(results.injections().columns) == len(COLUMNS)


@pytest.mark.slow
@pytest.mark.parametrize("folder", OLDER, ids=lambda one: one.name)
def test_every_command_reads_older_results(folder: Path, tmp_path: Path, capsys: Capture) -> None:
    old = tmp_path / "old"
    shutil.copytree(folder, old)
    for command in ("tables", "advise", "report"):
        assert main([command, str(old)]) == 0
    assert main(["export", str(old), "--out", str(tmp_path / "new.csv")]) == 0
    printed = capsys.readouterr().out
    assert f"{len(Results.load(old).records)} injections" in printed
    assert of_its_time((tmp_path / "new.csv").read_text()) == (
        folder / "injections.csv"
    ).read_text().replace("\r\n", "\n")
    assert (old / "report" / "report.html").is_file()


def test_names_beside_older_results_that_are_spoilt_are_none(tmp_path: Path) -> None:
    assert facts_beside(tmp_path) == Facts()
    (tmp_path / "layers.txt").write_bytes(b"0 \xff\n")
    (tmp_path / "classes.txt").mkdir()
    assert facts_beside(tmp_path) == Facts()
    (tmp_path / "layers.txt").write_text("one conv\n2 relu\n")
    assert facts_beside(tmp_path) == Facts(layers=(LayerFacts(number=2, name="relu"),))


def test_an_older_file_is_not_changed_but_by_its_campaign(old: Path) -> None:
    with pytest.raises(ResultsError, match="has results schema 1; it can be read, and continued"):
        ResultsStore.open(old)


def test_a_campaign_in_an_older_file_goes_on_in_a_copy(old: Path) -> None:
    before = (old / FILE_NAME).read_bytes()
    with ResultsReader.open(old) as reader:
        specification, records = reader.specification, list(reader.records())
        sizes, sessions = reader.fault_space(), reader.sessions()
    with ResultsStore.resume(old, specification, {"machine": "new"}) as store:
        assert store.schema == SCHEMA
        assert store.specification == specification
        assert store.former == old / FORMER
        assert list(store.records()) == records
        assert store.fault_space() == sizes
        assert store.facts().layer_names[0].startswith("conv")
        assert store.sessions()[:-1] == sessions
        assert store.sessions()[-1]["machine"] == "new"
        assert store.notes() == (f"copied from a file of results schema 1, kept as {FORMER}",)
    assert (old / FORMER).read_bytes() == before
    with ResultsStore.resume(old, specification) as store:
        assert store.former is None
    assert not list(old.glob(".*"))


def test_another_campaign_leaves_an_older_file_alone(old: Path) -> None:
    before = (old / FILE_NAME).read_bytes()
    with pytest.raises(CampaignError, match="holds another campaign"):
        ResultsStore.resume(old, SPECIFICATION)
    assert (old / FILE_NAME).read_bytes() == before
    assert not (old / FORMER).exists()


def test_an_older_file_that_cannot_be_copied_stays(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (old / FILE_NAME).read_bytes()
    with ResultsReader.open(old) as reader:
        specification = reader.specification

    def fill_the_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(store_module.shutil, "copyfile", fill_the_disk)
        with pytest.raises(ResultsError, match=r"cannot copy .*No space left"):
            ResultsStore.resume(old, specification)
    assert (old / FILE_NAME).read_bytes() == before
    assert not (old / FORMER).exists()
    assert not list(old.glob(".*"))
    (old / FORMER).write_text("somebody's")
    with pytest.raises(ResultsError, match="is in the way of the file that is kept"):
        ResultsStore.resume(old, specification)
    assert (old / FORMER).read_text() == "somebody's"
    assert (old / FILE_NAME).read_bytes() == before


def test_parts_of_several_schemas_join(
    old: Path, tmp_path: Path, make_record: Callable[..., InjectionRecord]
) -> None:
    new = tmp_path / "new"
    with ResultsReader.open(old) as reader:
        records = list(reader.records())
        with ResultsStore.create(new, reader.specification) as store:
            store.add_fault_space(reader.fault_space())
            store.append(records[5:])
            store.append([make_record(index=99, mode="rf", model="single-bit")])
    assert merge([old, new], tmp_path / "out") == len(records) + 1
    with ResultsStore.open(tmp_path / "out") as store:
        assert [one for one in store.records() if one.index != 99] == records


@pytest.mark.slow
def test_an_older_campaign_is_made_longer_with_the_same_injections(
    network_files: NetworkFiles,
    old: Path,
    tmp_path: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    arguments = ["campaign", *network_files.options, "--paper", "--injections", "20"]
    for image in network_files.images[:2]:
        arguments += ["--image", str(image)]
    assert main([*arguments, "--workers", "1", "--out", str(old)]) == 0
    first, made = capsys.readouterr().err.splitlines()
    assert first == (
        f"{old / FILE_NAME} was of an older results schema; its injections were copied into a new "
        "file and the campaign goes on in that. The old file is kept as "
        f"{old / FORMER}."
    )
    assert made.startswith(f"30 injections made, 60 in {old}")
    assert exported(old, tmp_path / "new.csv") == (
        HERE / "schema_1" / "tiny" / "continued.csv"
    ).read_text().replace("\r\n", "\n")


@pytest.mark.parametrize(("made_by", "named"), [("9.2.1", "softbeam 9.2.1"), (None, "a newer")])
def test_results_of_a_newer_schema_name_who_reads_them(
    tmp_path: Path, made_by: str | None, named: str, capsys: Capture
) -> None:
    ResultsStore.create(tmp_path, SPECIFICATION).close()
    execute(tmp_path, f"UPDATE schema_version SET version = {SCHEMA + 1}, softbeam = '{made_by}'")
    if made_by is None:
        execute(tmp_path, "ALTER TABLE schema_version DROP COLUMN softbeam")
    else:
        execute(tmp_path, "CREATE TABLE something_new (a)")
        reseal(tmp_path)
    assert main(["tables", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(
        f"softbeam: error: {tmp_path / FILE_NAME} has results schema {SCHEMA + 1}, which {named}"
    )
    assert f"reads up to schema {SCHEMA}; install" in said
    assert said.count("\n") == 1
