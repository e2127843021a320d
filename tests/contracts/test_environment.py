"""`.env.example` documents exactly what is read; nothing tracked depends on one machine or one index."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.run import FOLDERS

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = re.compile(r"\bLINGXI(?:_[A-Z]+)+\b(?!_)")
READERS = ("*.py", "*.sh", "Makefile", "Procfile", "Dockerfile", "compose.yaml", "*.yml")
ROOMS = ("actions", "analytics", "backoffice", "bench", "components", "connectors", "deploy", "privacy", "serving", "topics")
INDEX_ADDRESS = re.compile(
    r"--(?:extra-)?index-url[ =]\S*://|^-i \S*://|index-url *= *\"?http|registry = \"http|\"resolved\": *\"http"
    r"|/simple/?[\"'\s]|\bpypi\.org/simple|files\.pythonhosted\.org",
    re.MULTILINE,
)
HOME_OF_SOMEBODY = re.compile(r"(?<![\w.:-])/(?:root|home|Users)/[\w.-]+")


def tracked() -> Iterator[tuple[Path, str]]:
    """Every text file of the repository, those about to be added included."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0"):
        path = ROOT / name
        if name and path.is_file():
            try:
                yield path.relative_to(ROOT), path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def documented() -> set[str]:
    """The variables of .env.example, commented ones included."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return set(re.findall(r"^(?:# )?(LINGXI_[A-Z_]+)=", text, re.MULTILINE))


def read_variables() -> dict[str, Path]:
    """Variable → one file that reads it. Of the tests, only what `tests/services.py` takes from outside."""
    found: dict[str, Path] = {}
    for path, text in tracked():
        ours = path.parts[0] in ROOMS or len(path.parts) == 1 or path == Path("tests/services.py")
        if ours and any(path.match(pattern) for pattern in READERS):
            found.update(dict.fromkeys(VARIABLE.findall(text), path))
    return found


def test_every_variable_read_is_documented() -> None:
    missing = {name: str(path) for name, path in read_variables().items() if name not in documented()}
    assert not missing, f"add to .env.example: {missing}"


def test_every_documented_variable_is_read() -> None:
    assert documented() <= set(read_variables()), "nobody reads these: take them out of .env.example"


def test_the_example_holds_no_secret() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    for name in ("LINGXI_RASA_TOKEN", "LINGXI_SERVICE_TOKEN", "LINGXI_CUSTOMER_JWT_SECRET"):
        assert re.search(rf"^{name}=$", text, re.MULTILINE), f"{name} must be there, and empty"


def test_no_package_index_is_named() -> None:
    found = [f"{path}: {hit[0]!r}" for path, text in tracked() if (hit := INDEX_ADDRESS.search(text))]
    assert not found


def test_no_path_of_one_machine() -> None:
    found = [
        f"{path}: {hit[0]!r}"
        for path, text in tracked()
        if (hit := re.search(re.escape(f"{ROOT}/"), text) or HOME_OF_SOMEBODY.search(text))
    ]
    assert not found


def test_every_folder_of_tests_is_run_in_one_environment() -> None:
    folders = {path.relative_to(ROOT / "tests").parts[0] for path in (ROOT / "tests").glob("*/**/test_*.py")}
    run = [folder for each in FOLDERS.values() for folder in each]
    assert folders <= set(run), "name the folder in tests/run.py, or `make test` passes it by"
    assert len(run) == len(set(run))


@pytest.mark.parametrize("lock", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_locks_pin_every_package_with_hashes(lock: Path) -> None:
    for block in re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8")):
        if not block.startswith("#"):
            assert re.match(r"[\w.\[\]-]+==\S+", block), block[:80]
            assert "--hash=sha256:" in block, block[:80]


@pytest.mark.parametrize(
    ("project", "lock"), [("pyproject.toml", "rasa"), ("backoffice/pyproject.toml", "services")]
)
def test_locks_hold_every_declared_package(project: str, lock: str) -> None:
    """A library added to a pyproject.toml without `make lock` is missing on the next machine."""
    text = (ROOT / project).read_text(encoding="utf-8")
    sections = {
        f"{lock}.txt": re.search(r"^dependencies = \[(.*?)^\]", text, re.DOTALL | re.MULTILINE),
        f"{lock}-test.txt": re.search(r"^test = \[(.*?)^\]", text, re.DOTALL | re.MULTILINE),
    }
    for name, section in sections.items():
        assert section
        locked = set(re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==", (ROOT / "requirements" / name).read_text(), re.MULTILINE))
        for package in re.findall(r'^\s*"([\w.-]+)', section[1], re.MULTILINE):
            assert package.lower().replace("_", "-").replace(".", "-") in locked, f"{package} is not in {name}"
