"""Starting Rasa: the token is nowhere in the process list, the action server is where the environment says."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import jwt
import pytest

from tests.services import free_port

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "-a-token-that-nobody-may-read-in-the-process-list"
RASA = """
import pathlib, sys
words = [word for argument in sys.argv[2:] for word in argument.split("=", 1)]
arguments = dict(zip(words[::2], words[1::2]))
print("command line:", pathlib.Path("/proc/self/cmdline").read_bytes().replace(b"\\0", b" ").decode())
print("token:", arguments.get("--auth-token"), file=sys.__stdout__)  # what we print has secrets hidden
print("arguments:", *sys.argv)
print(pathlib.Path(arguments["--endpoints"]).read_text())
"""


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    """A package named rasa that tells how it was started."""
    (tmp_path / "rasa").mkdir()
    (tmp_path / "rasa" / "__init__.py").touch()
    (tmp_path / "rasa" / "__main__.py").write_text(RASA, encoding="utf-8")
    return tmp_path


def assistant(stand_in: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [".venv/bin/python", "-m", "deploy.assistant", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(stand_in), "LINGXI_RASA_TOKEN": TOKEN, **variables},
        capture_output=True,
        text=True,
    )


def test_rasa_gets_its_token_where_nobody_sees_it(stand_in: Path) -> None:
    output = assistant(stand_in, "run").stdout
    assert f"token: {TOKEN}" in output
    command_line = next(line for line in output.splitlines() if line.startswith("command line:"))
    assert "deploy.assistant" in command_line
    assert TOKEN not in command_line


def test_rasa_is_not_started_with_an_open_api(stand_in: Path) -> None:
    result = assistant(stand_in, "run", LINGXI_RASA_TOKEN="")
    assert result.returncode == 1
    assert "LINGXI_RASA_TOKEN" in result.stderr
    assert "command line:" not in result.stdout


def test_rasa_finds_the_action_server_of_the_environment(stand_in: Path) -> None:
    assert "url: http://127.0.0.1:7055/webhook" in assistant(
        stand_in, "run", LINGXI_ACTIONS_PORT="7055", LINGXI_ACTIONS_URL=""
    ).stdout
    assert "url: http://actions:5055/webhook" in assistant(
        stand_in, "run", LINGXI_ACTIONS_URL="http://actions:5055/"
    ).stdout


def test_the_shell_needs_no_token_and_a_port_of_its_own(stand_in: Path) -> None:
    address = {"LINGXI_ACTIONS_URL": "http://127.0.0.1:5055", "LINGXI_RASA_PORT": "5005"}
    result = assistant(stand_in, "shell", LINGXI_RASA_TOKEN="", **address)
    assert "token: None" in result.stdout
    assert "tracker_store" in result.stdout
    assert "--port 5005" not in result.stdout


def test_the_shell_says_when_nobody_would_answer(stand_in: Path) -> None:
    result = assistant(stand_in, "shell", LINGXI_ACTIONS_URL="", LINGXI_ACTIONS_PORT=str(free_port()))
    assert result.returncode == 1
    assert "make run" in result.stderr


def test_other_commands_of_rasa_pass_unchanged(stand_in: Path) -> None:
    (stand_in / "rasa" / "__main__.py").write_text("import sys; print(sys.argv)", encoding="utf-8")
    assert assistant(stand_in, "data", "validate").stdout.endswith("'data', 'validate']\n")


CHANNEL = """
class CmdlineInput:
    def get_metadata(self, request):
        return None
"""
SHELL = """
from rasa.core.channels.console import CmdlineInput
metadata = CmdlineInput().get_metadata(None)
print("metadata:", metadata if metadata is None else metadata["customer_token"][::-1])  # backwards: no log tells a token
"""
DEMO = {"LINGXI_ACTIONS_URL": "http://127.0.0.1:5055", "LINGXI_CUSTOMER_JWT_SECRET": "a-secret-of-more-than-thirty-two-characters"}


def shell_for(stand_in: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Rasa's shell, telling what it adds to a message."""
    console = stand_in / "rasa" / "core" / "channels"
    console.mkdir(parents=True)
    for package in (console.parent, console):
        (package / "__init__.py").touch()
    (console / "console.py").write_text(CHANNEL, encoding="utf-8")
    (stand_in / "rasa" / "__main__.py").write_text(SHELL, encoding="utf-8")
    return assistant(stand_in, "shell", *arguments, **DEMO, **variables)


def test_the_shell_speaks_for_a_demo_customer(stand_in: Path) -> None:
    output = shell_for(stand_in, "--customer", "C000001", LINGXI_DEMO="1").stdout
    token = output.partition("metadata: ")[2].strip()[::-1]
    assert jwt.decode(token, DEMO["LINGXI_CUSTOMER_JWT_SECRET"], ["HS256"])["sub"] == "C000001"


def test_the_shell_speaks_for_nobody_unless_asked(stand_in: Path) -> None:
    assert "metadata: None" in shell_for(stand_in, LINGXI_DEMO="1").stdout


def test_the_shell_speaks_for_nobody_in_production(stand_in: Path) -> None:
    result = shell_for(stand_in, "--customer", "C000001", LINGXI_DEMO="0")
    assert result.returncode == 1
    assert "LINGXI_DEMO" in result.stderr
