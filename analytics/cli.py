"""`lingxi-analytics`: one command a step, from the tracker store to the report."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="从 Rasa 对话记录到决策")


def main() -> None:
    """The installed command."""
    app()
