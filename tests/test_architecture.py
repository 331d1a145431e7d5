"""The house's rules, read from its source: floors, cycles, doors, exports (docs/why/design.md)."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src"

# Which floor a module stands on; the longest matching prefix decides.
FLOOR_OF = {
    "spyne.const": 0,
    "spyne.limits": 0,
    "spyne.util.address": 0,
    "spyne.util.excerpt": 0,
    "spyne.util.run": 0,
    "spyne.schema": 1,
    "spyne.model": 2,
    "spyne.error": 2,
    "spyne.codec": 3,
    "spyne.application": 4,
    "spyne.context": 4,
    "spyne.decorator": 4,
    "spyne.descriptor": 4,
    "spyne.evmgr": 4,
    "spyne.interface": 4,
    "spyne.member": 4,
    "spyne.middleware": 4,
    "spyne.service": 4,
    "spyne.interface.asyncapi": 5,
    "spyne.interface.json_schema": 5,
    "spyne.interface.openapi": 5,
    "spyne.interface.wsdl": 5,
    "spyne.interface.xml_schema": 5,
    "spyne.protocol": 5,
    "spyne.store": 5,
    "spyne.auxproc": 6,
    "spyne.client": 6,
    "spyne.observability": 6,
    "spyne.queue": 6,
    "spyne.server": 6,
    "spyne.testing": 6,
    "spyne.pytest_plugin": 6,
    "spyne": 7,
    "spyne.__main__": 7,
    "spyne.cli": 7,
    "spyne.util": 7,
}

# What each floor may import besides itself.
MAY_IMPORT = {
    0: set(),
    1: {0},
    2: {0, 1},
    3: {0, 1},
    4: {0, 1, 2},
    5: {0, 1, 2, 3, 4},
    6: {0, 1, 2, 3, 4, 5},
    7: {0, 1, 2, 3, 4, 5, 6},
}

# Transports know the contract of a protocol, never a protocol.
PROTOCOL_CONTRACT = ("spyne.protocol", "spyne.protocol._base")

# Lazy imports that the documented API forces upwards: (from, to), each inside one function.
DOORS = {
    ("spyne.application", "spyne.protocol._base"),
    ("spyne.interface.documents", "spyne.interface.wsdl"),
    ("spyne.interface.documents", "spyne.interface.xml_schema"),
    ("spyne.model.table", "spyne.store.relational"),
    ("spyne.schema._readers", "spyne.store.relational.declarative"),
}


def name_of(path, base):
    """Return the dotted name of the module in a file."""
    parts = path.relative_to(base).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules_under(base):
    """Map every module under a source folder to its file."""
    return {name_of(path, base): path for path in sorted(base.rglob("*.py"))}


MODULES = modules_under(SOURCE)
PACKAGES = [name for name, path in MODULES.items() if path.name == "__init__.py"]


def is_type_checking(node):
    """Tell whether an if-statement's body is for type checkers only."""
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def import_nodes(node, inside_function=False):
    """Yield (import statement, whether it stands inside a function), without those for type checkers."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, inside_function
        elif is_type_checking(child):
            for other in child.orelse:
                yield from import_nodes(ast.Module([other], []), inside_function)
        else:
            lazy = inside_function or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from import_nodes(child, lazy)


def targets_of(node, name, modules):
    """Yield the project's modules that one import statement of module `name` loads."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    else:
        assert node.level == 0, f"{name}: write the whole name instead of a relative import"
        names = [
            f"{node.module}.{alias.name}" if f"{node.module}.{alias.name}" in modules else node.module
            for alias in node.names
        ]
    top = name.partition(".")[0]
    yield from (target for target in names if target.partition(".")[0] == top and target != name)


def imports_of(modules):
    """Return {module: {imported module: stands inside a function only}} for a tree of modules."""
    graph = {}
    for name, path in modules.items():
        edges = graph[name] = {}
        for node, lazy in import_nodes(ast.parse(path.read_text("utf-8"))):
            for target in targets_of(node, name, modules):
                edges[target] = edges.get(target, True) and lazy
    return graph


@cache
def imports():
    """Return the imports of the project's source."""
    return imports_of(MODULES)


def floor_of(name):
    """Return the floor of a module, by the longest prefix in the table."""
    while name not in FLOOR_OF:
        assert "." in name, f"{name} stands on no floor: give it a row in FLOOR_OF"
        name = name.rpartition(".")[0]
    return FLOOR_OF[name]


def floor_of_exact(name):
    """Return the floor of a module; only the package itself is covered by the row `spyne`."""
    floor = floor_of(name)
    top = ("spyne.__main__", "spyne.cli", "spyne.util")
    assert floor != FLOOR_OF["spyne"] or name == "spyne" or name.startswith(top), (
        f"{name} stands on no floor: give it a row in FLOOR_OF"
    )
    return floor


def upward_imports(graph):
    """Yield a sentence for each import that goes up and is not a listed door."""
    for name, edges in graph.items():
        floor = floor_of_exact(name)
        for target, lazy in edges.items():
            above = floor_of_exact(target)
            if (name, target) in DOORS:
                if not lazy:
                    yield f"{name} imports {target} outside a function: a door is lazy"
            elif above != floor and above not in MAY_IMPORT[floor]:
                yield f"{name} (floor {floor}) imports {target} (floor {above})"
            elif floor == 6 and target.startswith("spyne.protocol.") and target not in PROTOCOL_CONTRACT:
                yield f"{name} imports the concrete protocol {target}"


def first_cycle(graph, doors):
    """Return a cycle of imports that passes no door, or None."""
    edges = {name: [t for t in targets if (name, t) not in doors] for name, targets in graph.items()}
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return error.args[1]
    return None


def test_imports_go_down():
    """A module imports only from its own floor and from floors that the table allows."""
    assert list(upward_imports(imports())) == []


def test_no_import_cycle():
    """No module imports itself through others, not even inside a floor or inside a function."""
    assert first_cycle(imports(), DOORS) is None


def test_the_cycle_check_sees_a_cycle(tmp_path):
    """Two modules that import each other are found, even when one does so inside a function."""
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "a.py").write_text("import pkg.b\n")
    (tmp_path / "pkg" / "b.py").write_text("def f():\n    from pkg import a\n    return a\n")
    graph = imports_of(modules_under(tmp_path))
    assert graph == {"pkg.a": {"pkg.b": False}, "pkg.b": {"pkg.a": True}}
    assert first_cycle(graph, set()) is not None
    assert first_cycle(graph, {("pkg.b", "pkg.a")}) is None


def test_imports_for_type_checkers_do_not_count(tmp_path):
    """An import under TYPE_CHECKING is no import; one in its else branch is."""
    (tmp_path / "pkg").mkdir()
    source = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pkg.b\nelse:\n    import pkg.c\n"
    (tmp_path / "pkg" / "a.py").write_text(source)
    assert imports_of(modules_under(tmp_path)) == {"pkg.a": {"pkg.c": False}}


def test_the_floors_check_sees_an_upward_import():
    """An import from the schema to a protocol, and a transport's import of a concrete protocol, are found."""
    graph = {"spyne.schema": {"spyne.protocol": False}, "spyne.server.wsgi": {"spyne.protocol.soap": True}}
    assert len(list(upward_imports(graph))) == 2


@pytest.mark.parametrize("package", PACKAGES)
def test_package_names_its_exports(package):
    """A package with code has an `__all__` without repetitions, and every name in it exists (ruff keeps it sorted)."""
    body = ast.parse(MODULES[package].read_text("utf-8")).body
    module = import_module(package)
    names = getattr(module, "__all__", None)
    if names is None:
        has_code = [node for node in body if not isinstance(node, ast.Expr | ast.ImportFrom) or not is_plain(node)]
        assert not has_code, f"{package} has code and no __all__"
        return
    assert len(set(names)) == len(names)
    assert [name for name in names if not hasattr(module, name)] == []


def is_plain(node):
    """Tell whether a statement is a docstring or a future import."""
    return isinstance(node, ast.Expr) or node.module == "__future__"


def test_every_module_can_be_imported_first():
    """Each module can be the first that a program imports, and none warns."""
    program = (
        "import sys, importlib\n"
        "for name in sys.argv[1:]:\n"
        "    for loaded in [m for m in sys.modules if m.partition('.')[0] == 'spyne']: del sys.modules[loaded]\n"
        "    importlib.import_module(name)\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", program, *MODULES], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_package_is_typed():
    """The package carries the marker that tells type checkers to read its annotations (PEP 561)."""
    assert (SOURCE / "spyne" / "py.typed").exists()


def test_one_version():
    """`spyne.__version__`, where it is written, is the version of pyproject.toml."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert getattr(import_module("spyne"), "__version__", declared) == declared


def test_constraints_pin_every_requirement():
    """What CI installs is pinned, each name once."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert [pin for pin in pins if pin.count("==") != 1] == []
    names = [pin.partition("==")[0].lower() for pin in pins]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("path", sorted((ROOT / "scripts").glob("[a-z]*")), ids=lambda path: path.name)
def test_scripts_are_short(path):
    """A script of the repository is at most ten lines: what is longer belongs to Python."""
    if path.is_file():
        assert len(path.read_text("utf-8").splitlines()) <= 10


def test_every_test_says_what_it_shows():
    """Each test function has a docstring of one sentence."""
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_leaf_utilities_import_nothing():
    """A utility on floor 0 and the package it is in load nothing else of the project."""
    leaves = [name for name, floor in FLOOR_OF.items() if floor == 0 and name.startswith("spyne.util")]
    assert [name for name in ["spyne.util", *leaves] if imports().get(name)] == []
