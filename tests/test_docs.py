"""README and docs are true: Python blocks run, commands exist, links lead somewhere.

In every Markdown file of the project

- blocks marked `python` are run from top to bottom in an empty folder and share their names;
- a comment `<!-- not run: the reason -->` before a block leaves that block out;
- a comment that opens with a line `<!-- run first` holds Python that is run but not shown;
- `regard ...` and `make ...` in blocks marked `bash` or `console` are parsed: command, options,
  number of arguments and the values of choices must be real.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer.main

from regard import cli

REPOSITORY = Path(__file__).resolve().parent.parent
DOCUMENTS = [*sorted(REPOSITORY.glob("*.md")), *sorted((REPOSITORY / "docs").rglob("*.md"))]
DOCUMENT = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: path.relative_to(REPOSITORY).as_posix()
)

FENCE = re.compile(r"^(?P<fence>```+)\s*(?P<language>[\w+-]*).*$")
NOT_RUN = re.compile(r"^<!-- not run:\s*(?P<reason>.*?)\s*-->$")
LINK = re.compile(r"(?<!`)\[[^\]]*\]\((?P<target>[^)#\s]+)[^)]*\)")
RUN_FIRST = "<!-- run first"
SHELLS = frozenset({"bash", "console", "sh", "shell"})


@dataclass(frozen=True)
class Block:
    """A block of code in a document; `line` is the number of its first line of code."""

    language: str
    text: str
    line: int
    left_out: bool = False


def blocks(markdown: str) -> Iterator[Block]:
    """The fenced blocks of a document, and its hidden ones, from top to bottom."""
    lines = markdown.splitlines()
    number = 0
    left_out = False
    while number < len(lines):
        line = lines[number].strip()
        number += 1
        fence = FENCE.match(line)
        if comment := NOT_RUN.match(line):
            if not comment["reason"]:
                raise ValueError(f"line {number}: a block is left out without a reason")
            left_out = True
            continue
        if not (fence or line == RUN_FIRST):
            left_out = left_out and not line
            continue
        end = fence["fence"] if fence else "-->"
        start = number
        while number < len(lines) and lines[number].strip() != end:
            number += 1
        if number == len(lines):
            raise ValueError(f"line {start}: this block never ends with {end}")
        text = "\n".join(lines[start:number])
        yield Block(fence["language"] if fence else "python", text, start + 1, left_out)
        number += 1
        left_out = False


def run_blocks(markdown: str, name: str) -> dict[str, Any]:
    """Run a document's Python, sharing names; an error shows the document's own line."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(markdown):
        if block.language == "python" and not block.left_out:
            source = "\n" * (block.line - 1) + block.text
            exec(compile(source, name, "exec", dont_inherit=True), names)
    return names


def commands(shell: str) -> Iterator[list[str]]:
    """The commands in lines of shell, without prompts, comments and redirections."""
    for line in shell.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line.removeprefix("$ "), posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        redirected = False
        for word in [*lexer, ";"]:
            if set(word) <= set("|&;"):
                if words:
                    yield words
                words = []
            elif set(word) <= set("<>"):
                redirected = True
            elif redirected:
                redirected = False
            else:
                words.append(word)


def complaint_about(arguments: list[str], command: Any) -> str | None:
    """What is wrong with a command's arguments; nothing is run and no file needs to exist."""
    arguments = list(arguments)
    while hasattr(command, "commands"):
        name = arguments.pop(0) if arguments else ""
        if name == "--help" or name in {option for p in command.params for option in p.opts}:
            return None
        if name not in command.commands:
            return f"no command {name!r}; there are {', '.join(sorted(command.commands))}"
        command = command.commands[name]
    if "--help" in arguments:
        return None
    context = command.context_class(command, info_name=command.name)
    try:
        values, left_over, _ = command.make_parser(context).parse_args(arguments)
        for parameter in command.params:
            given = values.get(parameter.name)
            empty = given is None or given == ()
            kind = repr(getattr(parameter, "type_descriptor", None) or parameter.type)
            names_a_file = "path" in kind.lower()
            if parameter.required if empty else not names_a_file:
                parameter.process_value(context, given)
    except Exception as error:
        if message := getattr(error, "format_message", None):  # an error of the command line
            return message()
        raise
    return f"too many arguments: {left_over}" if left_over else None


# ------------------------------------------------------------------------------ the documents


@DOCUMENT
def test_the_python_of_a_document_runs(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run_blocks(document.read_text(encoding="utf-8"), str(document))


@DOCUMENT
def test_the_commands_of_a_document_exist(document: Path) -> None:
    targets = re.findall(r"^([\w-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    regard = typer.main.get_command(cli.app)
    wrong = []
    for block in blocks(document.read_text(encoding="utf-8")):
        for name, *arguments in commands(block.text) if block.language in SHELLS else ():
            complaint = None
            if Path(name).name == "regard":
                complaint = complaint_about(arguments, regard)
            elif name == "make" and arguments and arguments[0] not in targets:
                complaint = "no such target"
            if complaint:
                wrong.append(f"{block.line}: {shlex.join([name, *arguments])}: {complaint}")
    assert wrong == []


@DOCUMENT
def test_the_links_of_a_document_lead_to_files(document: Path) -> None:
    targets = LINK.findall(document.read_text(encoding="utf-8"))
    local = [target for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in local if not (document.parent / target).exists()] == []


def test_the_readme_can_be_run_before_its_twelfth_line() -> None:
    first = next(blocks((REPOSITORY / "README.md").read_text(encoding="utf-8")))
    assert (first.language, first.text) == ("bash", "make demo")
    assert first.line < 12


# ------------------------------------------------------------- the reading of documents itself


def test_blocks_share_names_and_hidden_and_left_out_ones_are_known() -> None:
    document = """
<!-- run first
first = 2
-->
```python
second = first * 3
```
<!-- not run: it would take a day -->

```python
raise SystemExit
```
```text
third = 1
```
"""
    names = run_blocks(document, "made-up")
    assert (names["first"], names["second"]) == (2, 6)
    assert "third" not in names


def test_an_error_in_a_document_names_the_document_s_own_line() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        run_blocks("a\n\n```python\nx = 1\ny = x / 0\n```\n", "made-up.md")
    assert (caught.traceback[-1].path, caught.traceback[-1].lineno + 1) == ("made-up.md", 5)


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ("<!-- not run: -->\n```python\n```", "line 1: a block is left out without a reason"),
        ("a\n```python\nx = 1\n", "line 2: this block never ends"),
    ],
)
def test_a_document_that_hides_code_by_mistake_is_refused(document: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        run_blocks(document, "made-up")


def test_shell_is_read_without_prompts_comments_and_redirections() -> None:
    shell = (
        "$ regard translate RUN < in.txt > out.txt  # all of it\ncat 'a b' | regard x \\\n  --y 1"
    )
    assert list(commands(shell)) == [
        ["regard", "translate", "RUN"],
        ["cat", "a b"],
        ["regard", "x", "--y", "1"],
    ]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("paint RUN --colour red --times 3", None),
        ("paint --help", None),
        ("--help", None),
        ("more paint RUN", None),
        ("print RUN", "no command 'print'"),
        ("paint", "Missing"),
        ("paint RUN wall", "too many arguments"),
        ("paint RUN --brush", "--brush"),
        ("paint RUN --times", "--times"),
        ("paint RUN --times often", "Invalid value"),
        ("more plaster", "no command 'plaster'"),
    ],
)
def test_a_command_that_does_not_exist_is_seen(arguments: str, complaint: str | None) -> None:
    app = typer.Typer()
    more = typer.Typer()
    app.add_typer(more, name="more")

    def paint(run: Path, colour: str = "blue", times: int = 1) -> None:
        """Paint the house."""

    app.command()(paint)
    more.command()(paint)
    more.command("sand")(paint)
    found = complaint_about(arguments.split(), typer.main.get_command(app))
    assert found is None if complaint is None else complaint in (found or "")
