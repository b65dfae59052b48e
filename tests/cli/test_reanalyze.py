"""`vori reanalyze` and the job's own command line: what cannot be is said before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from vori_ray.cli import app
from vori_ray.errors import UnavailableError
from vori_ray.reanalysis.command import main, parser


@pytest.mark.parametrize("arguments", [[], ["--group", "1", "--meetings", "2"]])
def test_either_a_group_or_meetings(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, ["reanalyze", *arguments])
    assert result.exit_code == 2
    assert "expected either --meetings 1,2,3 or --group N" in result.output


def test_without_a_service_it_says_how_to_start_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VORI_HOME", str(tmp_path))
    result = CliRunner().invoke(app, ["reanalyze", "--group", "1"])
    assert isinstance(result.exception, UnavailableError)
    assert "start one with `vori up`" in str(result.exception)


@pytest.mark.parametrize(
    "arguments", [["--meetings", "1,x"], ["--meetings", "0"], ["--group", "1", "--actors", "0"], []]
)
def test_the_job_refuses_what_cannot_be(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(arguments)
    assert ended.value.code == 2
    assert "error" in capsys.readouterr().err


def test_the_job_names_what_it_misses(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("VORI_DATABASE_URL", raising=False)
    assert main(["--group", "1"]) == 1
    assert "expected VORI_DATABASE_URL to be set" in capsys.readouterr().out
