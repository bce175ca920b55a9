from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markupsafe import escape

from softbeam.analysis.counts import Stream
from softbeam.analysis.factors import By, NeverRead, factor_table
from softbeam.analysis.hardening.published import PUBLISHED
from softbeam.analysis.results import Results
from softbeam.campaign.results.store import ResultsStore
from softbeam.cli import main
from softbeam.present.blocks import Section
from softbeam.present.digits import percent
from softbeam.present.page.advice import Basis
from softbeam.present.page.campaign import Say, page_sections, render, write_report

pytestmark = pytest.mark.slow

#: Elements that have no end tag.
VOID = {"meta", "link", "br", "path", "use", "input"}


class Outline(HTMLParser):
    """Ids, and whether every element that begins ends."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.open: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        if found.get("id"):
            self.ids.append(found["id"] or "")
        if tag == "a":
            self.links.append(found["href"] or "")
        for name in ("src", "href", "xlink:href"):
            value = found.get(name) or ""
            assert value[:1] in ("", "#") or value.startswith("data:"), value
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert tag in VOID or self.open.pop() == tag


@pytest.fixture(scope="module")
def text(page: Path) -> str:
    return page.read_text()


def test_the_page_is_whole_and_small(text: str) -> None:
    assert len(text.encode()) < 5_000_000
    outline = Outline()
    outline.feed(text)
    assert outline.open == []
    sections = [link.removeprefix("#") for link in outline.links]
    assert len(sections) == 10
    assert set(sections) <= set(outline.ids)
    tables = [name for name in outline.ids if re.match(r"lvf|kvf|cells|bits|opcodes|harden", name)]
    assert len(set(tables)) == len(tables) > 10


def test_figures_lie_beside_it(page: Path) -> None:
    names = {path.name for path in page.parent.iterdir()} - {"report.html"}
    stems = {name.rsplit(".", 1)[0] for name in names}
    assert names == {f"{stem}.{suffix}" for stem in stems for suffix in ("png", "pdf")}
    wanted = {
        "figure-1-lvf-rf-single-bit",
        "figure-2-lvf-ioa-single-bit",
        "figure-3-lvf-iov-random-value",
        "figure-4-kvf",
        "figure-5a-heat-rf-single-bit",
        "figure-6-bits",
        "figure-7-opcodes",
        "figure-8-scores",
        "figure-9-classes",
        "figure-H2-front-sdc",
    }
    assert wanted <= stems
    assert (page.parent / "figure-4-kvf.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert (page.parent / "figure-4-kvf.pdf").read_bytes()[:5] == b"%PDF-"


def test_figures_get_files_only_where_they_are_wanted(
    results: Results, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.figure import Figure as Canvas

    formats, save = [], Canvas.savefig

    def saved(canvas: Canvas, file: object, **how: object) -> None:
        formats.append(how["format"])
        save(canvas, file, **how)

    monkeypatch.setattr(Canvas, "savefig", saved)
    written = write_report(results, tmp_path)
    assert written == [tmp_path / "report.html"]
    # PNG and PDF take as long as all the rest.
    assert set(formats) == {"svg"}
    plain = written[0].read_text()
    assert "<figure " in plain
    assert 'class="files"' not in plain
    assert "Files: figure-4-kvf.png and .pdf" in text


def test_every_figure_says_what_it_shows_and_what_not(results: Results, text: str) -> None:
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", text, re.DOTALL)
    assert len(captions) == len(re.findall("<figure ", text)) >= 10
    assert all(re.search(r"\bnot\b", caption) for caption in captions)


def test_numbers_are_those_of_the_tables(results: Results, text: str) -> None:
    stream = Stream("ioa", "single-bit")
    for by, name in ((By.LAYER, "lvf"), (By.KERNEL, "kvf"), (By.LAYER_AND_KERNEL, "cells")):
        found = re.search(rf'<table id="{name}-ioa-single-bit".*?</table>', text, re.DOTALL)
        assert found is not None
        for row in factor_table(results.counts, stream, by, NeverRead.IN_PLACE).rows:
            for share in (row.joint["SDC"], row.joint["DUE"], row.conditional["SDC"]):
                assert percent(share) in found.group()


def test_it_opens_with_the_network_then_the_answer_then_the_front(text: str) -> None:
    main = text[text.index("<main>") :]
    shown = re.search(r'id="show-(\w+)" checked', main)
    assert shown is not None
    figure = re.search(rf'id="figure-H\d-front-{shown[1]}"', main)
    assert figure is not None
    opening = (f'id="chain-{shown[1]}"', 'class="answer"', "<dt>cost</dt>", figure[0], "<summary>")
    places = [main.index(one) for one in opening]
    assert places == sorted(places)
    # All that follows of the answer is folded.
    behind = main[figure.start() : main.index("</section>")]
    unfolded = re.sub(r"<details.*</details>", "", behind, flags=re.DOTALL)
    assert "<table" not in unfolded
    assert "<ul" not in unfolded


def test_the_chain_has_a_tile_for_each_layer_and_damage(text: str) -> None:
    for of in ("critical", "sdc", "due"):
        panel = text[text.index(f'id="chain-{of}"') :]
        panel = panel[: panel.index("</figure>")]
        assert re.findall(r'<span class="name" title="(\d+) ', panel) == ["0", "1", "2", "26"]
        shares = re.findall(r'<span class="share d(\d)" title="([^"]+)"><b>([^<]+)<', panel)
        assert len(shares) == 4
        for level, words, share in shares:
            assert (level == "0") == words.startswith("none seen")
            assert words.startswith(f"{share} %" if level != "0" else "none seen, up to")
    # The one that is shown first is the one that the answer is about.
    assert 'id="show-sdc" checked' in text or 'id="show-critical" checked' in text


def test_published_techniques_are_told_with_what_differs(text: str) -> None:
    table = text[text.index('<table id="published"') :]
    table = table[: table.index("</table>")]
    for one in PUBLISHED:
        assert escape(one.differs) in table
        assert one.doi in table


def test_it_can_be_cited(results: Results, text: str) -> None:
    specification = results.specification
    for fact in (
        specification.campaign_id,
        specification.weights_sha256,
        specification.kernels_sha256,
        "doi:10.1109/IPDPS49936.2021.00037",
        "machine made up",
        "@misc{softbeam-",
    ):
        assert fact in text


def test_listings_are_the_shipped_code_with_its_source(text: str) -> None:
    assert "for (int index = blockIdx.x * blockDim.x + threadIdx.x; index &lt; n;" in text
    assert re.search(r"<summary>im2col: \d+ instructions, \d+ injections</summary>", text)
    assert len(re.findall('<table class="listing">', text)) == 4
    assert re.search(r'class="number s[1-8]" title="\d+ injections; SDC', text)


def test_the_same_results_give_the_same_bytes(
    made_up_run: Path, page: Path, tmp_path: Path
) -> None:
    again = write_report(Results.load(made_up_run), tmp_path, with_figures=True)
    assert sorted(path.name for path in again) == sorted(p.name for p in page.parent.iterdir())
    for path in again:
        assert path.read_bytes() == (page.parent / path.name).read_bytes(), path.name


def test_an_empty_campaign_has_a_page(results: Results, tmp_path: Path) -> None:
    with ResultsStore.create(tmp_path / "run", results.specification):
        pass
    empty = Results.load(tmp_path / "run")
    text = render(empty, page_sections(empty))
    assert "No injection has been made yet" in text
    assert empty.specification.campaign_id in text


def test_the_command_writes_where_it_says(
    made_up_run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen: list[Path] = []

    def write(
        _: Results,
        folder: Path,
        say: Say,
        *,
        with_figures: bool,
        beside: object,
        gpu: object,
        basis: Basis,
    ) -> list[Path]:
        assert not with_figures
        assert beside is None
        assert gpu is None
        assert basis.effects is None
        assert "not measured yet" in basis.lacking
        seen.append(folder)
        say("a test")
        return [folder / "report.html"]

    monkeypatch.setattr("softbeam.present.page.campaign.write_report", write)
    assert main(["report", str(made_up_run)]) == 0
    assert main(["report", str(made_up_run / "results.sqlite"), "--out", str(tmp_path / "x")]) == 0
    assert seen == [made_up_run / "report", tmp_path / "x"]
    printed = capsys.readouterr()
    assert "report.html" in printed.out
    # No terminal: what is worked out is said line by line.
    assert printed.err.splitlines()[:2] == ["working out the results", "working out a test"]


def test_a_folder_that_cannot_be_made_is_an_error(
    results: Results,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(
        "softbeam.present.page.campaign.page_sections", lambda *_: (Section("a", "A", ()),)
    )
    with pytest.raises(OSError, match="file"):
        write_report(results, tmp_path / "file" / "folder")
