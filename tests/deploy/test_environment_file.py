"""The first `.env`: what a newcomer gets, and what is never touched again."""

from __future__ import annotations

import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import environment


@pytest.fixture
def free_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Default ports that this machine has free whatever runs beside the tests: below those that it gives to connections."""
    base = next(port for port in range(20000, 32000, 100) if all(map(environment.is_free, range(port, port + 60))))
    monkeypatch.setattr(environment, "PORTS", {name: base + 20 * n for n, name in enumerate(environment.PORTS)})
    monkeypatch.setattr(environment, "HIGHEST_STEP", 20)


@pytest.fixture
def taken(free_defaults: None) -> Iterator[int]:
    """The back office's default port, held by somebody."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", environment.PORTS["LINGXI_BACKOFFICE_PORT"]))
        holder.listen()
        yield environment.PORTS["LINGXI_BACKOFFICE_PORT"]


@pytest.mark.usefixtures("free_defaults")
def test_it_holds_random_secrets_for_its_owner_only(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert environment.create(first)
    assert environment.create(second)
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    one, other = environment.load(first, {}), environment.load(second, {})
    values = [one[name] for name in environment.SECRETS] + [other[name] for name in environment.SECRETS]
    assert len(set(values)) == len(values)
    assert min(map(len, values)) >= 32
    assert one["LINGXI_DEMO"] == "1"


@pytest.mark.usefixtures("free_defaults")
def test_one_that_exists_is_never_touched(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("LINGXI_DEMO=0\n", encoding="utf-8")
    assert not environment.create(path)
    assert path.read_text(encoding="utf-8") == "LINGXI_DEMO=0\n"


@pytest.mark.usefixtures("free_defaults")
def test_it_has_the_default_ports_when_they_are_free(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    environment.create(tmp_path / ".env")
    loaded = environment.load(tmp_path / ".env", {})
    assert {name: loaded[name] for name in environment.PORTS} == {n: str(p) for n, p in environment.PORTS.items()}
    assert "taken" not in capsys.readouterr().out


def test_a_taken_port_moves_the_whole_block_and_is_told(
    tmp_path: Path, taken: int, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.create(tmp_path / ".env")
    loaded = environment.load(tmp_path / ".env", {})
    assert {name: int(loaded[name]) for name in environment.PORTS} == {n: p + 1 for n, p in environment.PORTS.items()}
    told = capsys.readouterr().out
    assert str(taken) in told
    assert f"LINGXI_BACKOFFICE_PORT={taken + 1}" in told


def test_the_real_environment_beats_the_file(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("LINGXI_RASA_PORT=7001\nLINGXI_DEMO=1\n", encoding="utf-8")
    loaded = environment.load(path, {"LINGXI_RASA_PORT": "7002"})
    assert loaded["LINGXI_RASA_PORT"] == "7002"
    assert loaded["LINGXI_DEMO"] == "1"
    assert loaded["LINGXI_BIND"] == "127.0.0.1"
