"""Compiles to the byte-code of the Python that a router has; OpenWrt's writes none itself.

By an interpreter of that very minor version: `python3.13` on the PATH, or the one that
`scripts/setup --openwrt` unpacks into build/.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Final

from deploy.openwrt.packaging.wheels import CannotBuild

_COMPILE: Final = """\
import ast, importlib.util, marshal, sys
from pathlib import Path
source, place = Path(sys.argv[1]), sys.argv[2]
for file in sorted(source.rglob("*.py")):
    content = file.read_bytes()
    tree = ast.parse(content)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if ast.get_docstring(node, clean=False) is not None:
                node.body[0].value.value = ""
    named = f"{place}/{file.relative_to(source).as_posix()}"
    code = compile(tree, named, "exec", dont_inherit=True, optimize=0)
    unchecked = (0b01).to_bytes(4, "little") + importlib.util.source_hash(content)
    head = importlib.util.MAGIC_NUMBER + unchecked
    file.with_suffix(".pyc").write_bytes(head + marshal.dumps(code))
"""
"""Docstrings are emptied, not asserts: `-OO` would drop both. A fifth of the flash."""


def interpreter(python: str, build: Path) -> str:
    """A command that runs Python of the minor version `python`, like "3.13".

    Raises:
        CannotBuild: there is none here.
    """
    if python == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    unpacked = build / f"python{python}" / f"python{python}"
    found = str(unpacked) if unpacked.exists() else shutil.which(f"python{python}")
    if found is None:
        raise CannotBuild(
            f"no Python {python} here to compile for it; scripts/setup --openwrt unpacks one"
        )
    return found


def compiled(sources: Mapping[str, bytes], place: str, command: str) -> dict[str, bytes]:
    """Byte-code instead of each `.py` of `sources`, beside what is none.

    Tracebacks name the files as they would lie below `place`. The byte-code is never compared
    with a source, for there is none: it does not hang on times.
    """
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for path, content in sources.items():
            if path.endswith(".py"):
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_bytes(content)
        done = subprocess.run(
            [command, "-s", "-P", "-W", "ignore", "-c", _COMPILE, folder, place],
            capture_output=True,
            text=True,
            check=False,
            # Sets among constants are written in the order of their hashes.
            env={"PATH": os.environ.get("PATH", ""), "PYTHONHASHSEED": "0"},
        )
        if done.returncode:
            raise CannotBuild(f"{command} cannot compile:\n{done.stderr.strip()}")
        return {
            _pyc(path): (root / _pyc(path)).read_bytes() if path.endswith(".py") else content
            for path, content in sources.items()
        }


def _pyc(path: str) -> str:
    return str(PurePosixPath(path).with_suffix(".pyc")) if path.endswith(".py") else path
