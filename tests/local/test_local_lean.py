"""Serve does without pandas in the embedded Ray's processes; everybody else has it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import vori_ray.local

LEAN = Path(vori_ray.local.__file__).parent / "lean"


def run(code: str, *folders: Path) -> str:
    env = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (LEAN, *folders)))}
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout


def test_serve_leaves_pandas_out_and_others_still_get_it() -> None:
    shown = run(
        "import sys, ray.serve._private.controller, ray.serve._private.replica\n"
        "print('pandas' in sys.modules)\n"
        "import pandas\n"
        "print(pandas.DataFrame({'a': [1]}).a.sum())"
    )
    assert shown.split() == ["False", "1"]


def test_serve_would_import_it_otherwise() -> None:
    code = "import sys, ray.serve._private.controller; print('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "True\n"


def test_a_sitecustomize_that_it_hides_still_runs(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('mine too')\n")
    assert run("print('done')", tmp_path).split("\n")[:2] == ["mine too", "done"]
