"""The package keeps its layout: no circle of imports, no long file, plain docstrings."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from helpers import ROOT, TESTS

PACKAGE = ROOT / "python" / "dangjian"
LONGEST = 450
# One compiled module has one stub.
STUB = PACKAGE / "_native.pyi"


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in (*PACKAGE.rglob("*.py"), STUB)}


def imports(tree: ast.AST, modules: set[str]) -> set[str]:
    """The modules that a file imports anywhere: also in functions, and for annotations only."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            # A name of a package is a module of it, or something that its `__init__` has.
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in modules else str(node.module) for name in names}
    return found & modules


def check_acyclic(sources: dict[str, str]) -> None:
    modules = set(sources)
    TopologicalSorter({name: imports(ast.parse(text), modules) for name, text in sources.items()}).prepare()


def test_modules_import_each_other_one_way():
    check_acyclic({name: path.read_text(encoding="utf-8") for name, path in MODULES.items()})


@pytest.mark.parametrize(
    "back",
    [
        "import a.b",
        "from a import b",
        "def f():\n    from a.b import g",
        "if TYPE_CHECKING:\n    from a.b import C",
        "from a import D",
    ],
)
def test_circles_are_found(back):
    with pytest.raises(CycleError):
        check_acyclic({"a": "from a.c import D", "a.b": "import a.c", "a.c": back})


@pytest.mark.parametrize("folder", [PACKAGE, TESTS], ids=["package", "tests"])
def test_files_are_short(folder):
    files = [path for path in (*folder.rglob("*.py"), *folder.rglob("*.pyi")) if path != STUB]
    lengths = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8").count("\n") for path in files}
    assert {path: n for path, n in lengths.items() if n > LONGEST} == {}


def docstrings(path):
    """All docstrings of a file, those of attributes too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Expr(ast.Constant(str(text))):
                yield text


def test_docstrings_open_with_what_is_done_or_what_a_thing_is():
    opened = [
        f"{path.relative_to(ROOT)}: {text[:60]}"
        for path in MODULES.values()
        for text in docstrings(path)
        if text.split(maxsplit=1)[0] in ("What", "Whether", "How")
    ]
    assert opened == []


def test_every_folder_says_in_a_sentence_what_it_is_for():
    for folder in (path.parent for path in PACKAGE.rglob("__init__.py")):
        text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))
        assert text, folder
        assert text.split("\n\n")[0].count(". ") == 0, folder
        assert text.split("\n\n")[0].endswith("."), folder
