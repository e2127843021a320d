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
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.services import SERVICES, free_port

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "var" / "test"
RASA, SERVICES_SIDE, SPARK = ".venv", ".venv-services", ".venv-spark"

# Which environment runs a folder of tests/.
FOLDERS = {
    RASA: ("actions", "components", "connectors", "contracts", "dialogue", "privacy", "serving", "topics", "understanding"),
    SERVICES_SIDE: ("analytics", "backoffice", "backoffice_seed", "browser", "deploy", "e2e", "live", "soak"),
    SPARK: ("spark",),  # `make spark` and `make soak`: half a gigabyte, and Java
}
WORKERS = 3  # a machine has two cores, and what starts and kills real processes mostly waits
TALKING = ("browser", "deploy", "e2e", "live", "soak")  # need a trained model


@dataclass(frozen=True)
class Stage:
    """One command of the run, and how long it may take at most.

    Attributes:
        on_model: whether it starts when the stage `model` has ended, because it needs the model, or because the model,
            for which most of the others wait, needs the cores.
    """

    name: str
    command: tuple[str, ...]
    seconds: int
    group: str = ""
    on_model: bool = False

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


def pytest_stage(name: str, environment: str, *paths: str, on_model: bool = True) -> Stage:
    """A stage of pytest."""
    report = ("-q", f"--junitxml={RESULTS / name}.xml", "-o", "junit_logging=no")
    return Stage(name, (f"{environment}/bin/python", "-m", "pytest", *report, *paths), 2400, on_model=on_model)


def stages() -> Iterator[Stage]:
    """Everything, in the order in which it is begun: the model before what needs it, then what takes longest."""
    rasa, services = f"{RASA}/bin", f"{SERVICES_SIDE}/bin"
    yield Stage("ruff", (f"{rasa}/ruff", "check", "."), 120, "lint")
    yield Stage("model", (f"{rasa}/python", "-m", "deploy.model"), 1800)
    yield pytest_stage("tests-shop", SERVICES_SIDE, *folders(SERVICES_SIDE, talking=False), on_model=False)
    yield pytest_stage("tests-services", SERVICES_SIDE, *folders(SERVICES_SIDE, talking=True))
    yield pytest_stage("tests-rasa", RASA, *folders(RASA))
    yield pytest_stage("live", SERVICES_SIDE, "tests/live")
    yield Stage("gate", (f"{rasa}/python", "-W", "ignore", "-m", "tests.gates"), 1500, on_model=True)
    services_types = (f"{services}/mypy", "--config-file", "backoffice/pyproject.toml")
    benches = ("bench/analytics.py", "bench/knowledge.py", "bench/knowledge_live.py")
    types = (*services_types, "backoffice", "analytics", *benches, "tests/run.py", "tests/services.py")
    yield Stage("mypy-services", types, 600, "lint", on_model=True)
    yield Stage("mypy-rasa", (f"{rasa}/mypy",), 600, "lint", on_model=True)
    yield Stage("validate", (f"{rasa}/python", "-m", "tests.validate"), 600, on_model=True)
    stories = ("test", "core", "--stories", "tests/conversations", "--fail-on-prediction-errors", "--no-plot")
    conversations = (f"{rasa}/python", "-m", "deploy.assistant", *stories, "--out", str(RESULTS / "conversations"))
    yield Stage("conversations", conversations, 1200, on_model=True)
    yield Stage("unseen", (f"{rasa}/python", "-m", "tests.conversations_unseen"), 1200, on_model=True)


def folders(environment: str, talking: bool | None = None) -> list[str]:
    """The environment's folders with tests; of the services' side only those that talk to the assistant, or do not."""
    known = [each for each in FOLDERS[environment] if any(ROOT.glob(f"tests/{each}/**/test_*.py")) and each != "live"]
    return [f"tests/{each}" for each in known if talking is None or (each in TALKING) is talking]


SOAK_SCALE = "25"
SOAKED = {
    RASA: ("tests/privacy", "tests/serving", "tests/components/test_text_normaliser.py", "tests/components/test_entities.py",
           "tests/connectors/test_public_routes.py"),
    SERVICES_SIDE: ("tests/backoffice/test_schema.py", "tests/backoffice/test_edge.py", "tests/analytics/test_collect.py"),
}


def soak_stages() -> Iterator[Stage]:
    """What takes long at full size: the tests that generate their examples, with many more of them; every kind of write,
    cut off at its commit; all drawn screenshots; the benches, which prove here that they run; a troubled day of many customers, embedded and
    grown up."""
    for environment, name in ((RASA, "soak-rasa"), (SERVICES_SIDE, "soak-services")):
        stage = pytest_stage(name, environment, *SOAKED[environment], on_model=False)
        scaled = ("env", f"LINGXI_TEST_SCALE={SOAK_SCALE}", *stage.command)
        yield replace(stage, command=scaled, seconds=3600, group="soak")
    pictures = (f"{RASA}/bin/python", "-m", "tests.connectors.recognition.screenshots")
    yield Stage("soak-pictures", pictures, 900, "soak")
    once = pytest_stage("soak-once", SERVICES_SIDE, "tests/e2e/test_once.py", on_model=True)
    yield replace(once, command=("env", f"LINGXI_TEST_SCALE={SOAK_SCALE}", *once.command), seconds=7200, group="soak")
    bench = (f"{SERVICES_SIDE}/bin/python", "-m", "bench.rest", "--smallest", "--sides", "peer")
    yield Stage("bench", bench, 900, "soak", on_model=True)
    yield Stage("bench-nlu", (f"{RASA}/bin/python", "-W", "ignore", "-m", "bench.nlu", "--smallest"), 900, "soak", on_model=True)
    for name in ("knowledge", "analytics"):
        smallest = (f"{SERVICES_SIDE}/bin/python", "-m", f"bench.{name}", "--smallest")
        yield Stage(f"bench-{name}", smallest, 900, "soak", on_model=True)
    yield replace(pytest_stage("soak-spark", SPARK, "tests/spark", on_model=False), group="soak")
    for name, more in (("soak-talk", ()), ("soak-talk-grown", ("--grown",))):
        command = (f"{SERVICES_SIDE}/bin/python", "-m", "tests.soak", *more)
        minutes = float(os.environ.get("LINGXI_SOAK_MINUTES", "30"))
        yield Stage(name, command, int(60 * minutes) + 1800, "soak", on_model=True)


def own_environment(folder: str) -> dict[str, str]:
    """The environment of this run: nothing of a shop's, whatever `.env` says."""
    kept = ("LINGXI_TEST_", "LINGXI_SOAK_", "LINGXI_CHROMIUM", "LINGXI_EVAL_DIR")
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("LINGXI_") or name.startswith(kept)
    }
    return {
        **inherited,
        "TMPDIR": folder,
        "LINGXI_DEMO": "1",
        "LINGXI_BIND": "127.0.0.1",
        "LINGXI_LIMITS_TIMES": "1000",  # all customers come from one address
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
        "PYTHONDONTWRITEBYTECODE": "",  # some hundred processes are started: none compiles its libraries anew
    }


@dataclass
class Run:
    """One run of the chosen stages, two beside each other. What a stage writes is shown when it has ended."""

    stages: list[Stage]
    environ: dict[str, str]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    running: set[subprocess.Popen[bytes]] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    modelled: threading.Event = field(default_factory=threading.Event)

    def all(self, services: list[dict[str, str]]) -> list[Outcome]:
        """Run them; the outcomes in the order of the stages. `services`: what each worker's environment has more."""
        if not any(stage.name == "model" for stage in self.stages):
            self.modelled.set()
        waiting = list(self.stages)
        workers = [threading.Thread(target=self._work, args=(waiting, more), daemon=True) for more in services]
        try:
            for worker in workers:
                worker.start()
            while any(worker.is_alive() for worker in workers):
                time.sleep(0.2)  # a join would not hear Ctrl-C
        finally:
            for process in list(self.running):
                end(process)
        return [self.outcomes[stage.name] for stage in self.stages]

    def _work(self, waiting: list[Stage], more: dict[str, str]) -> None:
        while stage := self._next(waiting):
            if stage.on_model:
                self.modelled.wait()
            self.outcomes[stage.name] = self._run(stage, {**self.environ, **more})
            if stage.name == "model":
                self.modelled.set()

    def _next(self, waiting: list[Stage]) -> Stage | None:
        """The first that can start; while the model is made, one that needs none, if there is any."""
        with self.lock:
            ready = (stage for stage in waiting if self.modelled.is_set() or not stage.on_model)
            stage = next(ready, waiting[0] if waiting else None)
            if stage is not None:
                waiting.remove(stage)
            return stage

    def _run(self, stage: Stage, environ: dict[str, str]) -> Outcome:
        """Run a stage to its end or its time limit; its processes are gone afterwards."""
        stage.report.unlink(missing_ok=True)
        log = RESULTS / f"{stage.name}.log"
        started = time.monotonic()
        with log.open("wb") as told:
            process = subprocess.Popen(
                stage.command, cwd=ROOT, env=environ, stdout=told, stderr=told, start_new_session=True
            )
            self.running.add(process)
            try:
                code = process.wait(stage.seconds)
            except subprocess.TimeoutExpired:
                told.write(f"not finished after {stage.seconds} s, ended\n".encode())
                code = 124
            finally:
                end(process)
                self.running.discard(process)
        outcome = Outcome(stage, time.monotonic() - started)
        if stage.report.exists():
            read_report(outcome)
        if code and not outcome.failed:
            outcome.failed = 1
        elif not stage.report.exists():
            outcome.passed = 1
        with self.lock:
            print(f"\n── {stage.name}: {' '.join(stage.command)}\n{log.read_text('utf-8', 'replace')}", flush=True)
        return outcome


def end(process: subprocess.Popen[bytes]) -> None:
    """End a stage and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


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
        print(f"\nNot to be had here: {', '.join(dict.fromkeys(missing))}")
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
        alone = all(stage.group == "soak" for stage in chosen)  # a long proof's machine does nothing else
        services: list[dict[str, str]] = [{} for _ in range(1 if alone else min(WORKERS, len(chosen)))]
        if any(stage.name.startswith(("tests-", "soak-", "live")) for stage in chosen):
            for more in services:
                for variable, (name, bring) in SERVICES.items():
                    address = servers.enter_context(bring())
                    if address is None:
                        missing.append(name)
                    else:
                        more[variable] = address
        outcomes = Run(chosen, own_environment(folder)).all(services)
    return summary(outcomes, missing, strict=os.environ.get("CI", "").lower() in ("1", "true"))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
