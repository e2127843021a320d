"""Runs a model's graph without planning it anew: the order of its nodes is worked out once for each target.

Rasa's runner writes the whole model's configuration into a debug text, prunes the schema and asks Dask for an order at
each of the four or five runs of a turn.
"""

from __future__ import annotations

from typing import Any

from rasa.engine.exceptions import GraphRunError
from rasa.engine.graph import GraphSchema
from rasa.engine.runner.dask import DaskGraphRunner

from components.rasa_turn.quiet import debugging
from components.rasa_turn.replacing import Replacement, original

_WHERE = "rasa.engine.runner.dask:DaskGraphRunner.run"
_Step = tuple[str, Any, tuple[str, ...]]  # a node's name, the node, and whose output it takes


def run(
    runner: DaskGraphRunner, inputs: dict[str, Any] | None = None, targets: list[str] | None = None
) -> dict[str, Any]:
    """The targets' outputs. Training, which has hooks at its nodes, runs as Rasa runs it."""
    if debugging() or any(node._hooks for node in runner._instantiated_nodes.values()):
        return dict(original(_WHERE)(runner, inputs, targets))
    wanted = tuple(targets or runner._graph_schema.target_names)
    plans: dict[tuple[str, ...], list[_Step]] = runner.__dict__.setdefault("_plans", {})
    if wanted not in plans:
        plans[wanted] = _plan(runner, wanted)
    for name, value in (inputs or {}).items():
        if isinstance(value, str) and value in runner._instantiated_nodes:
            raise GraphRunError(f"Input '{name}' has the name of a node as its value: '{value}'.")
    outputs: dict[str, Any] = {name: (name, value) for name, value in (inputs or {}).items()}
    try:
        for name, node, needs in plans[wanted]:
            if name not in outputs:
                outputs[name] = node(*(outputs.get(need, need) for need in needs))
    except RuntimeError as error:
        raise GraphRunError("Error running runner.") from error
    return dict(outputs[name] for name in wanted)


def _plan(runner: DaskGraphRunner, targets: tuple[str, ...]) -> list[_Step]:
    schema: GraphSchema = runner._graph_schema.minimal_graph_schema(list(targets))
    order: dict[str, None] = {}

    def add(name: str) -> None:
        if name in schema.nodes and name not in order:
            for need in schema.nodes[name].needs.values():
                add(need)
            order[name] = None

    for name in schema.nodes:
        add(name)
    return [
        (name, runner._instantiated_nodes[name], tuple(schema.nodes[name].needs.values())) for name in order
    ]


REPLACEMENTS = (Replacement(_WHERE, "45f0f52f574f3aa9", run),)
