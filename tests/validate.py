"""`rasa data validate`, with its warnings read: `python -m tests.validate`. Fails at any that is not known to be harmless.

Rasa's validator follows rules and stories only. It cannot see what our design does elsewhere, and warns of it; nothing
is written into the training data to silence it. Harmless are responses that `actions/` say (`utter_x` and its variants
`utter_x_…`), what forms ask (`utter_ask_…`), `utter_default`, intents that only forms take in, and the events from outside
(`EXTERNAL_…`).
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
WARNING = re.compile(r"(?:UserWarning: |\bWARNING\s+\S+\s+- |\bERROR\s+\S+\s+- )(.*)")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
UNUSED_RESPONSE = re.compile(r"The utterance '([^']+)' is not used in any story or rule\.")
UNUSED_INTENT = re.compile(r"The intent '([^']+)' is not used in any story or rule\.")
UNTRAINED_INTENT = re.compile(r"The intent '(EXTERNAL_\w+)' is listed in the domain file, but is not found in the NLU training data\.")


def warnings(log: str) -> Iterator[str]:
    """The validator's warnings and errors, one line each."""
    for line in COLOUR.sub("", log).splitlines():
        found = WARNING.search(line)
        if found:
            yield found[1].strip()


def spoken(sources: Iterable[str]) -> set[str]:
    """The response names that Python says, whole or as the beginning of a name."""
    return {name.rstrip("_") for source in sources for name in re.findall(r"\butter_\w+", source)}


def harmless(warning: str, said: set[str], taken_by_forms: set[str]) -> bool:
    """Whether a warning only tells of what the validator cannot see."""
    response, intent = UNUSED_RESPONSE.match(warning), UNUSED_INTENT.match(warning)
    if response:
        name = response[1]
        beginnings = (name[:end] for end in range(len(name), 0, -1) if end == len(name) or name[end] == "_")
        return name.startswith("utter_ask_") or name == "utter_default" or any(each in said for each in beginnings)
    if intent:
        return intent[1].startswith("EXTERNAL_") or intent[1] in taken_by_forms
    return bool(UNTRAINED_INTENT.match(warning))


def main() -> int:
    """Validate and judge; the exit code."""
    command = [sys.executable, "-m", "deploy.assistant", "data", "validate"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    told = sorted(set(warnings(run.stdout + run.stderr)))
    sources = [path.read_text("utf-8") for path in sorted((ROOT / "actions").rglob("*.py"))]
    # An action's own refusal is named after the action: action_x says utter_x_rejected.
    actions = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))["actions"]
    rejected = {f"utter_{name.removeprefix('action_')}_rejected" for name in actions}
    taken = {intent for source in sources for intent in re.findall(r'"([a-z_]+)"', source)}
    bad = [warning for warning in told if not harmless(warning, spoken(sources) | rejected, taken)]
    print("\n".join(bad))
    print(f"validate: exit code {run.returncode}, {len(told)} warnings, {len(bad)} of them to be mended")
    if run.returncode:
        print(run.stdout[-3000:] + run.stderr[-3000:])
    return 1 if run.returncode or bad else 0


if __name__ == "__main__":
    sys.exit(main())
