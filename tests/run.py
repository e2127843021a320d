"""Every check and test in order: `make test`, or `python -m tests.run stage…` for some of them. `make soak` runs what
takes long at full size.

Needs no `.env` and touches nothing of a running `make run`: secrets, ports and folders are its own. All
stages run even when one fails; the last lines say what failed, what was skipped and why. With CI=true a
skipped test is a failure.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.services import SERVICES, free_port

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "var" / "test"
RASA, SERVICES_SIDE = ".venv", ".venv-services"

# Which environment runs a folder of tests/.
FOLDERS = {
    RASA: ("actions", "components", "connectors", "contracts", "dialogue", "privacy"),
    SERVICES_SIDE: ("analytics", "backoffice", "backoffice_seed", "browser", "deploy", "e2e", "live"),
}
# Folders whose tests are a stage of their own, so that the summary names them.
ALONE = ("live",)


@dataclass(frozen=True)
class Stage:
    """One command of the run, and how long it may take at most."""

    name: str
    command: tuple[str, ...]
    seconds: int
    group: str = ""

    @property
    def report(self) -> Path:
        """Where a stage of many tests writes its JUnit report."""
        return RESULTS / f"{self.name}.xml"


@dataclass
class Outcome:
    """What came of a stage; a stage without a report is one test."""

    stage: Stage
    seconds: float
    passed: int = 0
    failed: int = 0
    skipped: list[str] = field(default_factory=list)


def stages() -> Iterator[Stage]:
    """Everything, in order: what is quick to tell comes first, the model before what talks to it."""
    rasa, services = f"{RASA}/bin", f"{SERVICES_SIDE}/bin"
    yield Stage("ruff", (f"{rasa}/ruff", "check", "."), 120, "lint")
    yield Stage("mypy-rasa", (f"{rasa}/mypy",), 600, "lint")
    services_types = (f"{services}/mypy", "--config-file", "backoffice/pyproject.toml")
    yield Stage("mypy-services", (*services_types, "backoffice", "tests/run.py", "tests/services.py"), 600, "lint")
    yield Stage("validate", (f"{rasa}/python", "-m", "tests.validate"), 600)
    yield Stage("model", (f"{rasa}/python", "-m", "deploy.model"), 1800)
    yield Stage("gate", (f"{rasa}/python", "-W", "ignore", "-m", "tests.gates"), 300)
    for environment, name in ((RASA, "tests-rasa"), (SERVICES_SIDE, "tests-services")):
        folders = [each for each in FOLDERS[environment] if any(ROOT.glob(f"tests/{each}/**/test_*.py"))]
        together = [each for each in folders if each not in ALONE]
        for stage, chosen in ((name, together), *((each, [each]) for each in folders if each in ALONE)):
            report = Stage(stage, (), 0).report
            pytest = (f"{environment}/bin/python", "-m", "pytest", "-q", f"--junitxml={report}", "-o", "junit_logging=no")
            if chosen:
                yield Stage(stage, (*pytest, *(f"tests/{each}" for each in chosen)), 2400)
    if (ROOT / "tests" / "conversations").is_dir():
        stories = (f"{rasa}/python", "-m", "deploy.assistant", "test", "core", "--stories", "tests/conversations", "--fail-on-prediction-errors")
        yield Stage("conversations", (*stories, "--out", str(RESULTS / "conversations"), "--no-plot"), 1200)
    if (ROOT / "tests" / "conversations_unseen").is_dir():
        yield Stage("unseen", (f"{rasa}/python", "-m", "tests.conversations_unseen"), 1200)


SOAK_SCALE = "25"
SOAKED = {
    RASA: ("tests/privacy", "tests/components/test_text_normaliser.py", "tests/components/test_entities.py"),
    SERVICES_SIDE: ("tests/backoffice/test_schema.py",),
}


def soak_stages() -> Iterator[Stage]:
    """The tests that generate their examples, with many more of them."""
    for environment, name in ((RASA, "soak-rasa"), (SERVICES_SIDE, "soak-services")):
        report = Stage(name, (), 0).report
        pytest = (f"{environment}/bin/python", "-m", "pytest", "-q", f"--junitxml={report}", "-o", "junit_logging=no")
        yield Stage(name, ("env", f"LINGXI_TEST_SCALE={SOAK_SCALE}", *pytest, *SOAKED[environment]), 3600, "soak")


def own_environment(folder: str) -> dict[str, str]:
    """The environment of this run: nothing of a shop's, whatever `.env` says."""
    kept = ("LINGXI_TEST_", "LINGXI_CHROMIUM", "LINGXI_EVAL_DIR")
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("LINGXI_") or name.startswith(kept)
    }
    return {
        **inherited,
        "TMPDIR": folder,
        "LINGXI_DEMO": "1",
        "LINGXI_BIND": "127.0.0.1",
        **{f"LINGXI_{name}_PORT": str(free_port()) for name in ("RASA", "ACTIONS", "BACKOFFICE")},
        **{
            f"LINGXI_{name}_DATABASE_URL": f"sqlite:///{folder}/{name.lower()}.db"
            for name in ("BACKOFFICE", "TRACKER", "CONNECTORS")
        },
        **{
            name: secrets.token_urlsafe(48)
            for name in ("LINGXI_RASA_TOKEN", "LINGXI_SERVICE_TOKEN", "LINGXI_CUSTOMER_JWT_SECRET")
        },
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "PYTHONUNBUFFERED": "1",
    }


def run(stage: Stage, environ: dict[str, str]) -> Outcome:
    """Run a stage to its end or its time limit; its processes are gone afterwards."""
    print(f"\n── {stage.name}: {' '.join(stage.command)}", flush=True)
    stage.report.unlink(missing_ok=True)
    started = time.monotonic()
    process = subprocess.Popen(stage.command, cwd=ROOT, env=environ, start_new_session=True)
    try:
        code = process.wait(stage.seconds)
    except subprocess.TimeoutExpired:
        print(f"{stage.name}: not finished after {stage.seconds} s, ended", flush=True)
        code = 124
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    outcome = Outcome(stage, time.monotonic() - started)
    if stage.report.exists():
        read_report(outcome)
    if code and not outcome.failed:
        outcome.failed = 1
    elif not stage.report.exists():
        outcome.passed = 1
    return outcome


def read_report(outcome: Outcome) -> None:
    """Count a JUnit report's cases. Expected failures count as passed."""
    for case in ElementTree.parse(outcome.stage.report).iter("testcase"):
        skip = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            outcome.failed += 1
        elif skip is not None and skip.get("type") != "pytest.xfail":
            outcome.skipped.append(skip.get("message") or "no reason given")
        else:
            outcome.passed += 1


def summary(outcomes: list[Outcome], missing: list[str], strict: bool) -> int:
    """Print what came of it all; the exit code."""
    print(f"\n{'stage':<18}{'result':<9}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>9}")
    for each in outcomes:
        result = "FAILED" if each.failed or (strict and each.skipped) else "ok"
        counts = f"{each.passed:>8}{each.failed:>8}{len(each.skipped):>9}{each.seconds:>9.1f}"
        print(f"{each.stage.name:<18}{result:<9}{counts}")
    reasons = Counter(reason for each in outcomes for reason in each.skipped)
    if missing:
        print(f"\nNot to be had here: {', '.join(missing)}")
    for reason, times in reasons.most_common():
        print(f"{'Failed (CI)' if strict else 'Skipped'}: {times} × {reason}")
    skipped = reasons.total()
    passed, failed = sum(each.passed for each in outcomes), sum(each.failed for each in outcomes)
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed or (strict and skipped) else 0


def main(names: list[str]) -> int:
    """Run all stages, or those named by name or group."""
    known = [*stages(), *soak_stages()]
    chosen = [stage for stage in known if stage.name in names or stage.group in names or not (names or stage.group == "soak")]
    if not chosen:
        print(f"no such stage: {', '.join(names)}; there are: {', '.join(stage.name for stage in known)}")
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    RESULTS.mkdir(parents=True, exist_ok=True)
    missing: list[str] = []
    with ExitStack() as servers:
        folder = servers.enter_context(tempfile.TemporaryDirectory(prefix="lingxi-test-"))
        os.chmod(folder, 0o755)  # a PostgreSQL started by root runs as another user
        environ = own_environment(folder)
        if any(stage.name.startswith(("tests-", "soak-")) for stage in chosen):
            for variable, (name, bring) in SERVICES.items():
                address = servers.enter_context(bring())
                if address is None:
                    missing.append(name)
                else:
                    environ[variable] = address
        outcomes = [run(stage, environ) for stage in chosen]
    return summary(outcomes, missing, strict=os.environ.get("CI", "").lower() in ("1", "true"))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
