"""Keep pandas out of Ray Serve's processes. Python runs this first in every process of the embedded Ray.

Serve imports pandas so that a replica may answer with a DataFrame, does without it where it is not installed, and
VORI never answers with one. Measured on Ray 2.60: each of Serve's processes then takes 125 MB instead of 194 and 2.8 s
of CPU instead of 4.3 to start, and a service has seven. Whoever else imports pandas gets it.
"""

import runpy
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

_WITHOUT_PANDAS = str(Path("ray", "serve", "_private", "utils.py"))


class _PandasFinder(MetaPathFinder):
    """Says that there is no pandas, to one module."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name == "pandas" and _importer().endswith(_WITHOUT_PANDAS):
            raise ModuleNotFoundError("left out by vori_ray.local.lean", name=name)
        return None


def _importer() -> str:
    """File of the module that is importing."""
    frame = sys._getframe(2)
    while frame.f_back is not None and "importlib" in frame.f_code.co_filename:
        frame = frame.f_back
    return frame.f_code.co_filename


def _run_the_one_that_this_hides() -> None:
    here = Path(__file__).parent
    for folder in map(Path, sys.path):
        if folder != here and (folder / "sitecustomize.py").is_file():
            runpy.run_path(str(folder / "sitecustomize.py"))
            return


sys.meta_path.insert(0, _PandasFinder())
_run_the_one_that_this_hides()
