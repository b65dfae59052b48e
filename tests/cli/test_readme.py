"""The README is true: its settings table is generated, its commands exist, its files are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vori_ray.cli import app
from vori_ray.cli.service import settings_markdown, settings_rows
from vori_ray.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHELL_LINES = [
    line.split("#")[0].strip() for block in re.findall(r"```sh\n(.*?)```", README, re.S) for line in block.splitlines()
]
VORI_COMMANDS = sorted({match[1] for line in SHELL_LINES if (match := re.search(r"\.venv/bin/vori (\w+)", line))})
MAKE_TARGETS = sorted({match[1] for line in SHELL_LINES if (match := re.match(r"make (\S+)", line))})


def test_the_settings_table_is_the_generated_one() -> None:
    table = README.split("<!-- settings:begin -->")[1].split("<!-- settings:end -->")[0].strip()
    assert table == settings_markdown(settings_rows())


@pytest.mark.parametrize("command", VORI_COMMANDS)
def test_every_command_of_the_readme_exists(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("target", MAKE_TARGETS)
def test_every_make_target_of_the_readme_exists(target: str) -> None:
    assert re.search(rf"^{target}:.*## ", (ROOT / "Makefile").read_text(), re.M)


def test_every_file_that_the_readme_links_is_there() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_setting_that_the_readme_names_is_known() -> None:
    known = {row["variable"] for row in settings_rows()}
    named = set(re.findall(r"\b(VORI_[A-Z_]+)", README)) - {"VORI_"}
    assert named <= known


def test_every_setting_says_what_it_means() -> None:
    assert all(field.description for field in Settings.model_fields.values())
