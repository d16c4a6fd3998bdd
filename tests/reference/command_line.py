"""The program called as a user calls it, in this process."""

import pytest

from spsnet.cli.main import main


def call(*words: object) -> int:
    return main([str(word) for word in words])


def assert_refused(capsys: pytest.CaptureFixture[str], message: str, *words: object) -> None:
    """Exit code 1, and one line on stderr that says why; nothing else."""
    assert call(*words) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("spsnet: ")
    assert message in said.err
    assert len(said.err.splitlines()) == 1
