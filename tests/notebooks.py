"""Notebooks are executed as a person would, from top to bottom in a kernel of their own, and say what they said."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"
CELL_TIMEOUT_S = 300


def execute(name: str, *, url: str, token: str, **variables: str) -> str:
    """Run a notebook against a service; returns all the text that it put out. An error in a cell fails the test."""
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    runner = NotebookClient(notebook, timeout=CELL_TIMEOUT_S, kernel_name="python3")
    runner.execute(env=os.environ | {"VORI_URL": url, "VORI_TOKEN": token} | variables)
    return "\n".join(_texts(notebook))


def _texts(notebook: nbformat.NotebookNode) -> list[str]:
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return [output.get("text", "") + "\n".join(map(str, output.get("data", {}).values())) for output in outputs]
