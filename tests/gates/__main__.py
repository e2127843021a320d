"""`python -m tests.gates [--accept] [--model MODEL]`: exit code 1 when a threshold is missed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.parsing import Parser
from bench.training import ROOT
from tests.gates import report
from tests.gates.measures import measure


def newest_model() -> Path:
    """The model that `rasa run` would load; exits when there is none."""
    models = sorted((ROOT / "models").glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    if not models:
        sys.exit("no model under models/: make train")
    return models[-1]


def main() -> int:
    """Measure, print, compare."""
    parser = argparse.ArgumentParser(description="Accuracy gates over the newest model.")
    parser.add_argument("--accept", action="store_true", help="keep this run's figures in accepted.json")
    parser.add_argument("--model", type=Path, help="another model than the newest")
    options = parser.parse_args()
    model = options.model or newest_model()
    measured = measure(Parser(model))
    asked = report.thresholds()
    print(report.text(measured, asked, report.accepted_run()))
    missed = report.failures(measured, asked)
    if options.accept:
        report.accept(measured)
        print(f"\naccepted: {report.ACCEPTED.relative_to(ROOT)}")
    print("\n" + "\n".join(f"MISSED {each}" for each in missed) if missed else f"\nall thresholds kept by {model.name}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
