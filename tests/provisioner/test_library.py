"""A library: it imports boto3, botocore and the standard library, and prints nothing."""

import ast
import sys
from pathlib import Path

import pytest

LIBRARY = Path(__file__).resolve().parents[2] / "provisioner"
MODULES = sorted(LIBRARY.rglob("*.py"))
ALLOWED = sys.stdlib_module_names | {"boto3", "botocore", "provisioner"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_imports_and_prints(module):
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            assert {alias.name.partition(".")[0] for alias in node.names} <= ALLOWED
        elif isinstance(node, ast.ImportFrom):
            assert str(node.module).partition(".")[0] in ALLOWED
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("print", "input")


def test_the_engine_knows_no_resource():
    names = {
        node.module
        for node in ast.walk(ast.parse((LIBRARY / "engine.py").read_text()))
        if isinstance(node, ast.ImportFrom)
    }
    assert not [name for name in names if name and name.startswith("provisioner.resources")]
