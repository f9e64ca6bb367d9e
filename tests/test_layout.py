"""The house stays the house: who may know whom, how long a module may be, what is never written.

`violations` reads one source file; the first tests feed it small made-up sources, to show that it
sees what it forbids, and the last ones feed it the repository.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
LINES_OF_A_MODULE = 400
LINES_OF_A_FUNCTION = 100

# path -> the reason why this module may be longer
LONG_MODULES: dict[str, str] = {}
# "path:function" -> the reason why this function may be longer
LONG_FUNCTIONS: dict[str, str] = {}


@dataclass(frozen=True)
class Room:
    """What the modules of one folder of regard may import."""

    knows: frozenset[str]  # rooms, or single modules of a room
    libraries: frozenset[str]  # beyond the standard library


def room(*knows: str, libraries: str = "") -> Room:
    return Room(frozenset(knows), frozenset(libraries.split()))


# The direction of the stairs. A room that is not built yet keeps its place here.
ROOMS = {
    "attention": room(libraries="torch jaxtyping"),
    "record": room(libraries="numpy safetensors jaxtyping"),
    "evidence": room("attention", "record", libraries="torch numpy jaxtyping"),
    "translation": room(
        "attention",
        "record",
        libraries="torch numpy safetensors tokenizers sacrebleu rich jaxtyping "
        "pydantic pydantic_core annotated_types",
    ),
    "huggingface": room(
        "attention",
        "record",
        "evidence",
        "translation.model",
        libraries="torch numpy safetensors tokenizers transformers jaxtyping",
    ),
    "prompt": room(
        "evidence",
        "huggingface",
        "record",
        libraries="torch numpy transformers bandit pydantic rich jaxtyping",
    ),
    "view": room("record", libraries="numpy rich matplotlib jaxtyping"),
}
# Doors may use every room, but only inside their functions, so that help answers at once.
DOORS = frozenset({"__init__", "__main__", "cli", "serve"})
QUICK_LIBRARIES = frozenset({"typer", "rich"})
# What a plain installation lacks is imported where it is used, so that the module itself works.
LIBRARIES_OF_EXTRAS = frozenset(
    {"matplotlib", "transformers", "sentencepiece", "bandit"}
    | {"fastapi", "uvicorn", "ctranslate2", "onnx", "ray"}
)
NAMES_THAT_SAY_NOTHING = frozenset({"utils", "util", "helpers", "common", "misc", "base"})
RUNS_CODE_FROM_FILES = frozenset({"pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"})
FORBIDDEN_KEYWORDS = {"trust_remote_code": True, "allow_pickle": True, "weights_only": False}


@dataclass(frozen=True)
class Import:
    """One imported module, and whether it is imported when its importer is."""

    module: str
    line: int
    at_once: bool


def imports(tree: ast.AST, package: tuple[str, ...]) -> Iterator[Import]:
    """Every import in a file; `package` is what a leading dot means there."""

    def visit(node: ast.AST, at_once: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, at_once)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*above, *([node.module] if node.module else [])))
            for alias in node.names:
                yield Import(f"{module}.{alias.name}", node.lineno, at_once)
        for child in ast.iter_child_nodes(node):
            inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            typing_only = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
            yield from visit(child, at_once and not inside and not typing_only)

    yield from visit(tree, at_once=True)


def direction(path: PurePosixPath, tree: ast.AST) -> Iterator[str]:
    """Imports that go up the stairs, or that make a quick door slow."""
    own_room = path.with_suffix("").parts[1]
    for found in imports(tree, path.parts[:-1]):
        top, *below = found.module.split(".")
        where = f"{path}:{found.line}: {own_room}"
        if own_room not in ROOMS and own_room not in DOORS:
            yield f"{where} is no room: give it a place in ROOMS"
            return
        if top == "regard":
            target = below[0] if below else ""
            known = ROOMS[own_room].knows if own_room in ROOMS else None
            allowed = {target, ".".join(below[:2])}
            if target in (own_room, "__version__", ""):
                continue
            if known is not None and not allowed & known:
                yield f"{where} must not know {found.module}"
            elif known is None and found.at_once and own_room != "serve":
                yield f"{where} must import {found.module} inside a function"
        elif top not in sys.stdlib_module_names:
            if own_room in ROOMS and top not in ROOMS[own_room].libraries:
                yield f"{where} must not import {top}"
            elif own_room in DOORS and found.at_once and top not in QUICK_LIBRARIES:
                yield f"{where} must import {top} inside a function"
            elif found.at_once and top in LIBRARIES_OF_EXTRAS:
                yield f"{where}: {top} comes with an extra; import it inside a function"


def dangers(path: PurePosixPath, tree: ast.AST) -> Iterator[str]:
    """Ways in which a file that is read could run code."""
    for found in imports(tree, path.parts[:-1]):
        if found.module.split(".")[0] in RUNS_CODE_FROM_FILES:
            yield f"{path}:{found.line}: {found.module} runs code from files"
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if ast.unparse(node.func) in ("torch.load", "torch.save"):
            yield f"{path}:{node.lineno}: {ast.unparse(node.func)} is pickle; use safetensors"
        for keyword in node.keywords:
            value = getattr(keyword.value, "value", None)
            if keyword.arg in FORBIDDEN_KEYWORDS and value is FORBIDDEN_KEYWORDS[keyword.arg]:
                yield f"{path}:{node.lineno}: {keyword.arg}={value} is never written here"


def sizes(path: PurePosixPath, source: str, tree: ast.AST) -> Iterator[str]:
    """Modules and functions too long to fit in the head, whatever the exceptions say."""
    lines = len(source.splitlines())
    if lines > LINES_OF_A_MODULE:
        yield f"{path} has {lines} lines, over {LINES_OF_A_MODULE}"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LINES_OF_A_FUNCTION:
                yield f"{path}:{node.name} has {lines} lines, over {LINES_OF_A_FUNCTION}"


def violations(name: str, source: str) -> list[str]:
    """Everything that one source file does against the rules of the house."""
    path = PurePosixPath(name)
    tree = ast.parse(source)
    found = list(sizes(path, source, tree))
    nothing = NAMES_THAT_SAY_NOTHING & set(path.with_suffix("").parts)
    found += [f"{path}: {word} says nothing; name the noun" for word in sorted(nothing)]
    if path.parts[0] == "regard":
        found += [*direction(path, tree), *dangers(path, tree)]
    return found


# ---------------------------------------------------------------------------- the checker sees


@pytest.mark.parametrize(
    ("path", "source", "complaint"),
    [
        ("record/a.py", "import torch", "record must not import torch"),
        ("record/a.py", "def f():\n    import torch.nn", "record must not import torch"),
        ("attention/a.py", "import numpy as np", "attention must not import numpy"),
        ("attention/a.py", "from regard.record import words", "must not know regard.record"),
        ("attention/a.py", "from ..translation import rnn", "must not know regard.translation"),
        ("attention/a.py", "from .. import record", "must not know regard.record"),
        ("translation/a.py", "import regard.view.figure", "must not know regard.view"),
        ("huggingface/a.py", "from regard.translation.rnn import Rnn", "must not know"),
        ("view/a.py", "import matplotlib.pyplot", "inside a function"),
        ("cli.py", "from regard.translation import run", "inside a function"),
        ("cli.py", "import numpy", "inside a function"),
        ("cli.py", "class A:\n    import torch", "inside a function"),
        ("kitchen/a.py", "import json", "kitchen is no room"),
        ("record/utils.py", "", "utils says nothing"),
        ("record/helpers/a.py", "", "helpers says nothing"),
        ("record/a.py", "import pickle", "runs code from files"),
        ("record/a.py", "from pickle import loads", "runs code from files"),
        ("translation/a.py", "torch.load(p, weights_only=True)", "torch.load is pickle"),
        ("translation/a.py", "load(p, weights_only=False)", "weights_only=False"),
        ("huggingface/a.py", "f(x, trust_remote_code=True)", "trust_remote_code=True"),
        ("record/a.py", "np.load(p, allow_pickle=True)", "allow_pickle=True"),
        ("record/a.py", "x = 1\n" * 401, "401 lines, over 400"),
        ("record/a.py", "def f():\n" + "    x = 1\n" * 100, "f has 101 lines, over 100"),
    ],
)
def test_the_checker_sees_a_violation(path: str, source: str, complaint: str) -> None:
    assert [complaint in found for found in violations(f"regard/{path}", source)] == [True]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("attention/a.py", "import math\nimport torch\nfrom regard.attention.hook import Hook"),
        ("attention/a.py", "from .hook import Hook\nfrom jaxtyping import Float"),
        ("translation/a.py", "from regard.attention import attend\nfrom regard import record"),
        ("huggingface/a.py", "from regard.translation.model import Batch"),
        ("view/a.py", "def f():\n    import matplotlib"),
        ("cli.py", "import typer\ndef f():\n    import torch\n    from regard.view import figure"),
        ("cli.py", "if TYPE_CHECKING:\n    from regard.translation import run"),
        ("record/a.py", "np.load(p, allow_pickle=False)\n" + "x = 1\n" * 399),
        ("record/a.py", "def f():\n" + "    x = 1\n" * 99),
    ],
)
def test_the_checker_leaves_good_sources_alone(path: str, source: str) -> None:
    assert violations(f"regard/{path}", source) == []


# ------------------------------------------------------------------------------ the repository


def tracked(*patterns: str) -> list[str]:
    """Files that git tracks or would track, as paths from the root of the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", *patterns]
    answer = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    names = [name for name in answer.stdout.split("\0") if (REPOSITORY / name).is_file() and name]
    return names or [
        path.relative_to(REPOSITORY).as_posix()
        for folder in ("regard", "tests")
        for path in (REPOSITORY / folder).rglob("*.py")
    ]


SOURCES = sorted(tracked("*.py"))


def is_an_exception(complaint: str) -> bool:
    return complaint.split(" has ")[0] in LONG_MODULES | LONG_FUNCTIONS


@pytest.mark.parametrize("name", SOURCES)
def test_a_module_keeps_the_rules_of_the_house(name: str) -> None:
    found = violations(name, (REPOSITORY / name).read_text(encoding="utf-8"))
    assert [complaint for complaint in found if not is_an_exception(complaint)] == []


def test_every_exception_is_still_needed() -> None:
    complaints = [
        complaint.split(" has ")[0]
        for name in SOURCES
        for complaint in violations(name, (REPOSITORY / name).read_text(encoding="utf-8"))
    ]
    assert (LONG_MODULES | LONG_FUNCTIONS).keys() <= set(complaints)


# Written so that this file does not match itself.
PATH_OF_A_MACHINE = re.compile(r"(?<![\w.~])/(?:wor[k]|hom[e]|User[s]|roo[t])/\w|bash_job[s]")
HOST_OF_A_REGISTRY = re.compile(r"\b(?:pypi|npmjs|crates)\.(?:org|com|io)\b|pythonhosted\.org")


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("see /" + "work/shared", True),
        ("'/" + "home/ann/data'", True),
        ("framework/shared and roots/work", False),
        ("https://pypi" + ".org/simple", True),
        ("https://download.pytorch.org/whl/cpu", False),
    ],
)
def test_the_path_of_a_machine_is_seen(text: str, matches: bool) -> None:
    assert bool(PATH_OF_A_MACHINE.search(text) or HOST_OF_A_REGISTRY.search(text)) is matches


def test_no_file_names_a_path_of_somebody_s_machine_or_a_registry() -> None:
    found = []
    for name in tracked():
        content = (REPOSITORY / name).read_bytes()
        if b"\0" in content[:8192]:
            continue
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
            if PATH_OF_A_MACHINE.search(line) or HOST_OF_A_REGISTRY.search(line):
                found.append(f"{name}:{number}: {line.strip()[:80]}")
    assert found == []


# ------------------------------------------------------------------------------- what is quick


def modules_of(*rooms: str) -> list[str]:
    paths = [path for room in rooms for path in (REPOSITORY / "regard" / room).rglob("*.py")]
    return [".".join(path.relative_to(REPOSITORY).with_suffix("").parts) for path in paths]


def run_python(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout


def test_records_and_views_never_bring_torch_in_not_even_by_way_of_others() -> None:
    lines = [f"import {name.removesuffix('.__init__')}" for name in modules_of("record", "view")]
    lines += ["import sys", "print(sorted({'torch', 'matplotlib'} & set(sys.modules)))"]
    assert run_python("\n".join(lines)).strip() == "[]"


HELP = """
import resource, sys
sys.argv = ["regard", "--help"]
from regard.cli import main
try:
    main()
except SystemExit as leaving:
    assert not leaving.code, leaving.code
print(sorted({"torch", "numpy", "matplotlib", "tokenizers"} & set(sys.modules)))
usage = resource.getrusage(resource.RUSAGE_SELF)
print(usage.ru_utime + usage.ru_stime)
"""


def test_help_answers_at_once_and_without_torch() -> None:
    answers = [run_python(HELP).splitlines()[-2:] for _ in range(3)]
    assert {heavy for heavy, _ in answers} == {"[]"}
    assert min(float(seconds) for _, seconds in answers) < 0.3
