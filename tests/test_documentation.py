"""The documents are true where a machine can tell: links, commands and options, examples.

Shell blocks (``sh``) are parsed by the command line itself, nothing in them is run.  Campaign files
(``toml``) are read.  Examples in ``pycon`` blocks are doctests.
"""

from __future__ import annotations

import doctest
import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]

FENCE = re.compile(r"^( *)```([^\n`]*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
END_OF_COMMAND = {"|", "||", "&&", ";", ">", ">>", "<", "2>"}


class Block(NamedTuple):
    """A fenced block: document, line of its first line, language, text."""

    document: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document.relative_to(ROOT)}:{self.line}"


def blocks() -> Iterator[Block]:
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for match in FENCE.finditer(text):
            line = text.count("\n", 0, match.start(3)) + 1
            yield Block(document, line, match[2].strip(), match[3])


def prose(document: Path) -> str:
    """Return a document without its fenced blocks."""
    return FENCE.sub("", document.read_text(encoding="utf-8"))


def commands() -> dict[str, Any]:
    """Return Typer's commands by name."""
    from typer.main import get_command

    from softbeam.cli import COMMANDS
    from softbeam.cli._app import app

    for name in COMMANDS:
        import_module(f"softbeam.cli.{name}")
    found: dict[str, Any] = get_command(app).commands  # type: ignore[attr-defined]
    return found


def shell_lines(block: Block) -> list[str]:
    """Return the commands of a shell block, continued lines joined."""
    return block.text.replace("\\\n", " ").splitlines()


def softbeam_arguments(line: str) -> list[str] | None:
    """Return what follows ``softbeam`` in a shell command; None if it is another command."""
    words = shlex.split(line, comments=True)
    for place, word in enumerate(words):
        if Path(word).name == "softbeam":
            rest = words[place + 1 :]
            end = next((i for i, other in enumerate(rest) if other in END_OF_COMMAND), len(rest))
            return rest[:end]
        if "=" not in word and word not in ("time", "/usr/bin/time", "-v"):
            return None
    return None


def slug(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    text = re.sub(r"[`*]|\[([^]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors(document: Path) -> set[str]:
    return {slug(title) for title in re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)}


SHELL = [block for block in blocks() if block.language == "sh"]
CAMPAIGN_FILES = [block for block in blocks() if block.language == "toml"]
EXAMPLES = [block for block in blocks() if block.language == "pycon"]
SHOWN = [
    pytest.param(line, id=f"{block} {line.strip()[:40]}")
    for block in SHELL
    for line in shell_lines(block)
    if softbeam_arguments(line) is not None
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    broken = []
    for target in LINK.findall(prose(document)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (document.parent / name).resolve() if name else document
        there = path.is_relative_to(ROOT) and path.exists()
        if not there or (anchor and anchor not in anchors(path)):
            broken.append(target)
    assert not broken


@pytest.mark.parametrize("line", SHOWN)
def test_shown_commands_are_accepted(line: str) -> None:
    name, *arguments = softbeam_arguments(line) or []
    if name.startswith("--"):
        assert name in ("--help", "--version")
        return
    # Parsing raises what the user would see: unknown option, missing argument, bad number.
    commands()[name].make_context(name, arguments)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_named_commands_and_options_exist(document: Path) -> None:
    known = commands()
    wrong = []
    for code in CODE.findall(prose(document)):
        words = code.split()
        while words and re.match(r"[A-Z_]+=", words[0]):
            del words[0]
        if len(words) < 2 or Path(words[0]).name != "softbeam" or not words[1].islower():
            continue
        if words[1].startswith("--"):
            wrong += [code] * (words[1] not in ("--help", "--version"))
            continue
        command = known.get(words[1])
        options = {"--help"}
        for parameter in command.params if command else ():
            options.update(parameter.opts, parameter.secondary_opts)
        used = {word.split("=")[0] for word in words[2:] if word.startswith("--")}
        if command is None or not used <= options:
            wrong.append(code)
    assert not wrong


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_named_files_exist(document: Path) -> None:
    folders = (ROOT, ROOT / "src", ROOT / "src" / "softbeam")
    named = [
        code
        for code in CODE.findall(prose(document))
        if re.fullmatch(r"[a-z_]\w*(/[\w.-]+)*/([a-z_]\w*\.(py|toml|cu|md))?", code)
    ]
    assert not [name for name in named if not any((folder / name).exists() for folder in folders)]


def test_documentation_names_every_command() -> None:
    table = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    absent = [name for name in commands() if f"| `softbeam {name}` |" not in table]
    assert not absent, f"add to the table of commands in docs/commands.md: {', '.join(absent)}"


def test_map_of_documents_names_every_document() -> None:
    page = ROOT / "docs" / "README.md"
    text = page.read_text(encoding="utf-8")
    absent = [
        document.name
        for document in (ROOT / "docs").glob("*.md")
        if document != page and f"]({document.name})" not in text
    ]
    assert not absent, f"add to docs/README.md: {', '.join(absent)}"


def test_map_of_documents_names_every_package() -> None:
    text = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    packages = [path.parent.name for path in (ROOT / "src" / "softbeam").glob("*/__init__.py")]
    absent = [name for name in packages if f"| `{name}` |" not in text]
    assert not absent, f"add to the packages in docs/README.md: {', '.join(absent)}"


def test_readme_is_short() -> None:
    words = (ROOT / "README.md").read_text(encoding="utf-8").split()
    assert len(words) < 1100, "what is longer belongs into docs/"


def test_named_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    named = set()
    for block in SHELL:
        for line in shell_lines(block):
            words = shlex.split(line, comments=True)
            if words[:1] == ["make"]:
                named.update(word for word in words[1:] if "=" not in word)
    assert named
    assert named <= targets


@pytest.mark.parametrize("block", CAMPAIGN_FILES, ids=str)
def test_campaign_files_are_accepted(block: Block, tmp_path: Path) -> None:
    from softbeam.campaign.file import read_request

    path = tmp_path / "campaign.toml"
    path.write_text(block.text, encoding="utf-8")
    assert read_request(path).streams


@pytest.mark.parametrize("block", EXAMPLES, ids=str)
def test_examples_give_what_they_show(block: Block) -> None:
    example = doctest.DocTestParser().get_doctest(
        block.text, {}, str(block), str(block.document), block.line - 1
    )
    assert example.examples
    output: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    runner.run(example, out=output.append)
    assert not output, "".join(output)
