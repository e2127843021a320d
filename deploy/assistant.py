"""Starts Rasa with what belongs on no command line: `python -m deploy.assistant run|shell|train …`.

Rasa 3.6 takes its API token only as the argument `--auth-token`, which every user of the machine could
read in the process list; here it is added inside the process. The endpoints are the root's `endpoints.yml`
with the address of the action server, which that file can hold only literally.
"""

from __future__ import annotations

import runpy
import signal
import sys
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from deploy.customer import speak_for
from deploy.environment import LOOPBACK, ROOT, free_port, is_free, load
from deploy.without_tensorflow import leave_out
from deploy.worker import share_port
from privacy import logs

TOKEN = "LINGXI_RASA_TOKEN"
WORKER = "--worker"
CUSTOMER = "--customer"


def endpoints(root: Path, environ: Mapping[str, str]) -> str:
    """The root's endpoints as YAML, with this environment's action server."""
    content = yaml.safe_load((root / "endpoints.yml").read_text(encoding="utf-8")) or {}
    actions = environ.get("LINGXI_ACTIONS_URL") or f"http://127.0.0.1:{environ['LINGXI_ACTIONS_PORT']}"
    content["action_endpoint"] = {"url": f"{actions.rstrip('/')}/webhook"}
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False)


def hide_deprecations() -> None:
    """Leave out what Rasa's pinned libraries say of their own age; filters do not last, libraries reset them."""
    show = warnings.showwarning

    def show_the_others(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        if not issubclass(category, (DeprecationWarning, FutureWarning)):
            show(message, category, *where, **more)

    warnings.showwarning = show_the_others


def _taken(option: str) -> str | None:
    """The value of an option of ours, taken out of the command line; None where it is not there."""
    if option not in sys.argv[:-1]:
        return None
    place = sys.argv.index(option)
    value = sys.argv[place + 1]
    del sys.argv[place : place + 2]
    return value


def main(arguments: list[str]) -> None:
    """Run Rasa's own command line in this process."""
    hide_deprecations()
    leave_out(arguments)
    logs.install()
    sys.argv = ["rasa", *arguments]
    if arguments[:1] not in (["run"], ["shell"]):
        runpy.run_module("rasa", run_name="__main__", alter_sys=True)
        return
    environ = load(ROOT / ".env")
    logs.hide_all_of(environ)
    if arguments[:1] == ["run"]:
        if worker := _taken(WORKER):
            share_port(int(worker))
        if not environ.get(TOKEN):
            sys.exit(f"{TOKEN} is not set: Rasa's API would be open to everyone. Set it in .env.")
        sys.argv += [f"--auth-token={environ[TOKEN]}"]  # in one: a random token may begin with "-"
    else:  # the shell talks to a server of its own, beside the one that is running
        if not environ.get("LINGXI_ACTIONS_URL") and is_free(int(environ["LINGXI_ACTIONS_PORT"])):
            sys.exit("请先在另一个终端运行 make run / run `make run` in another terminal first: its actions answer here")
        if customer := _taken(CUSTOMER):
            speak_for(customer, environ)
        sys.argv += ["--interface", LOOPBACK, "--port", str(free_port())]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until Rasa handles it: the file is removed
    with tempfile.NamedTemporaryFile("w", prefix="lingxi-endpoints-", suffix=".yml", encoding="utf-8") as file:
        file.write(endpoints(ROOT, environ))
        file.flush()
        sys.argv += ["--endpoints", file.name]
        runpy.run_module("rasa", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
