"""The images run what the Procfile runs: no engine is needed to see where they drift apart."""

from __future__ import annotations

import ast
import fnmatch
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contracts.test_environment import documented

ROOT = Path(__file__).resolve().parents[2]
PROCESS_OF = {"assistant": "rasa", "actions": "actions", "services": "backoffice"}
PORT_OF = {"assistant": "LINGXI_RASA_PORT", "actions": "LINGXI_ACTIONS_PORT", "services": "LINGXI_BACKOFFICE_PORT"}
ROOMS = {"actions", "analytics", "backoffice", "components", "connectors", "deploy", "privacy", "serving", "topics"}


@dataclass
class Image:
    """One build stage with what it inherits from the stages it stands on."""

    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        """The arguments of every instruction of this name, in order."""
        return [argument for instruction, argument in self.instructions if instruction == name]

    def copied(self) -> list[str]:
        """What is copied from the working tree."""
        return [
            source
            for argument in self.all("COPY")
            if not argument.startswith("--from")
            for source in argument.split()[:-1]
        ]


def images() -> dict[str, Image]:
    """The Dockerfile's stages by name."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    found: dict[str, Image] = {}
    for line in filter(None, map(str.strip, re.sub(r"\\\n", " ", text).splitlines())):
        instruction, argument = line.split(None, 1)
        if instruction == "FROM":
            base, _, name = argument.split()
            current = found[name] = Image(base, list(found[base].instructions) if base in found else [])
        else:
            current.instructions.append((instruction, argument))
    return found


def procfile() -> dict[str, str]:
    """Process → command."""
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    return dict(line.split(": ", 1) for line in lines if line.strip())


def program(command: str) -> str:
    """A command without what differs between a working tree and an image: the environment's folder, the interface."""
    return re.sub(r"\.venv(-services)?/bin/|^SANIC_HOST=\S+ |\bexec ", "", command).strip()


def defaults() -> dict[str, str]:
    """The values set in .env.example."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return dict(re.findall(r"^(LINGXI_[A-Z_]+)=(.*)$", text, re.MULTILINE))


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return loaded


def imported_rooms(folder: str) -> set[str]:
    """The top-level packages of ours that a room's modules import."""
    found = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names = [node.module]
            found |= {name.split(".")[0] for name in names} & ROOMS
    return found


@pytest.mark.parametrize("name", PROCESS_OF)
def test_an_image_runs_its_process_as_the_procfile_does(name: str) -> None:
    command = json.loads(images()[name].all("CMD")[-1])
    run = command[-1] if command[:2] == ["sh", "-c"] else " ".join(command)
    expected = procfile()[PROCESS_OF[name]]
    assert program(re.sub(r"^SANIC_HOST=\S+ ", "", run)) == program(expected)
    assert command[0] != "sh" or " exec " in f" {run}", "the process must get the container's signals itself"


@pytest.mark.parametrize("name", PROCESS_OF)
def test_an_image_is_small_in_rights_and_tells_its_health(name: str) -> None:
    image = images()[name]
    assert image.all("USER") == ["lingxi"]
    assert "CMD" in image.all("HEALTHCHECK")[0]
    assert image.all("EXPOSE") == [defaults()[PORT_OF[name]]]
    environment = " ".join(image.all("ENV"))
    for variable in PORT_OF.values():
        assert f"{variable}={defaults()[variable]}" in environment


def test_images_install_the_runtime_locks_by_hash() -> None:
    installs = [line for image in images().values() for line in image.all("RUN") if "pip install" in line]
    assert installs
    for line in installs:
        lock = re.search(r"--require-hashes -r (requirements/\S+)", line)
        assert lock, line
        assert (ROOT / lock[1]).is_file()
        assert not lock[1].endswith("-test.txt")


@pytest.mark.parametrize("name", PROCESS_OF)
def test_an_image_holds_every_room_its_code_imports(name: str) -> None:
    copied = {source.strip("./") for source in images()[name].copied()}
    for room in copied & ROOMS:
        assert imported_rooms(room) <= copied, f"{room} imports a room that the image {name} does not copy"


def test_whatever_is_copied_exists_and_is_let_through() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_through = [line[1:] for line in ignored if line.startswith("!")]
    for image in images().values():
        for source in image.copied():
            assert (ROOT / source).exists(), source
            ways = (source, *(str(parent) for parent in Path(source).parents))
            assert any(fnmatch.fnmatch(way, pattern) for way in ways for pattern in let_through), f"{source} is not let through"
    assert not any(fnmatch.fnmatch(".env", pattern) for pattern in let_through)


def test_compose_builds_every_image_and_passes_documented_variables_only() -> None:
    services = compose()["services"]
    built = {service["build"]["target"]: service for service in services.values() if "build" in service}
    assert set(built) == set(PROCESS_OF)
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{(LINGXI_[A-Z_]+)", text)) <= documented()
    for name, service in built.items():
        assert set(service["environment"]) <= documented()
        port = defaults()[PORT_OF[name]]
        published = service.get("ports") or service["expose"]
        assert [each.rsplit(":", 1)[-1] for each in published] == [port]


OF_A_CHANNEL = ("LINGXI_WECHAT_", "LINGXI_APP_", "LINGXI_SMS_")
"""Left empty the channel is off; what it needs besides it says itself."""


def test_compose_demands_every_secret_and_publishes_on_loopback_only() -> None:
    for service in compose()["services"].values():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"TOKEN|SECRET|PASSWORD", variable):
                empty = variable.startswith(OF_A_CHANNEL) and value == f"${{{variable}:-}}"
                assert ":?" in value or empty, f"{variable} must not have a default"
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
        assert "build" in service or "healthcheck" in service
