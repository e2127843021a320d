"""Rasa without TensorFlow, for projects whose recipe has no use for it: it is 390 MiB and most of the start.

Rasa imports TensorFlow whatever `config.yml` names. `leave_out()` puts stand-ins in its place: modules whose attributes
are classes, good for annotations and as base classes of what Rasa defines around its networks. Using one (calling it,
making an instance) raises `TensorFlowLeftOut`, an ImportError, so that libraries that only look whether TensorFlow is
there find it missing. A recipe that names anything but the components below gets the real one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from deploy.environment import ROOT

LEFT_OUT = frozenset({"keras", "tensorflow", "tensorflow_addons", "tensorflow_hub", "tensorflow_text"})
OURS = "components."
NEED_NONE = frozenset(
    {
        "AugmentedMemoizationPolicy", "CountVectorsFeaturizer", "CRFEntityExtractor", "DucklingEntityExtractor",
        "EntitySynonymMapper", "FallbackClassifier", "JiebaTokenizer", "KeywordIntentClassifier",
        "LexicalSyntacticFeaturizer", "LogisticRegressionClassifier", "MemoizationPolicy", "RegexEntityExtractor",
        "RegexFeaturizer", "RulePolicy", "SklearnIntentClassifier", "SpacyEntityExtractor", "SpacyFeaturizer",
        "SpacyNLP", "SpacyTokenizer", "WhitespaceTokenizer",
    }
)  # fmt: skip
"""Components of Rasa's own that make no use of TensorFlow; any other may."""


class TensorFlowLeftOut(ImportError):
    """Something of TensorFlow was used in a process that was started without it."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} was used, but this process runs without TensorFlow, because config.yml names no component that needs it. "
            "A model or a recipe with such a component: name it in config.yml, or start Rasa's own `rasa`."
        )


class _Absent(type):
    """The class of what stands for anything of TensorFlow, and of what Rasa derives from it."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__") or "_stands_for" not in vars(cls):
            raise AttributeError(f"{cls.__name__} has no attribute {name}")
        return _absent(f"{vars(cls)['_stands_for']}.{name}")

    def __call__(cls, *_: Any, **__: Any) -> Any:
        raise TensorFlowLeftOut(vars(cls).get("_stands_for") or f"{cls.__module__}.{cls.__qualname__}")


def _absent(name: str) -> _Absent:
    return _Absent(name.rpartition(".")[2], (), {"_stands_for": name, "__module__": name.rpartition(".")[0]})


class _AbsentModule(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"{self.__name__} has no attribute {name}")
        return _absent(f"{self.__name__}.{name}")


class _Finder(MetaPathFinder, Loader):
    """Finds a stand-in for each module of TensorFlow."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A stand-in's spec; None for any other module."""
        ours = fullname.partition(".")[0] in LEFT_OUT
        return ModuleSpec(fullname, self, is_package=True) if ours else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The stand-in."""
        return _AbsentModule(spec.name, "Stands for a module of TensorFlow.")

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run."""


def needs_none(config: Path) -> bool:
    """Whether a recipe names nothing that may need TensorFlow. A file that cannot be read may."""
    try:
        recipe = yaml.safe_load(config.read_text(encoding="utf-8"))
        if recipe.get("recipe", "default.v1") != "default.v1":
            return False
        # Where a part is missing or empty, Rasa fills in its own, with networks.
        parts = [recipe["pipeline"], recipe["policies"]]
        names = [str(component["name"]) for part in parts for component in part]
    except (OSError, ValueError, yaml.YAMLError, AttributeError, KeyError, TypeError):
        return False
    return all(parts) and all(name.startswith(OURS) or name in NEED_NONE for name in names)


def configs(arguments: Sequence[str]) -> Iterable[Path]:
    """The recipes that a command line of Rasa's names, or the project's."""
    named = []
    for place, argument in enumerate(arguments):
        if argument in ("-c", "--config"):
            for value in arguments[place + 1 :]:
                if value.startswith("-"):
                    break
                named.append(Path(value))
        elif argument.startswith("--config="):
            named.append(Path(argument.partition("=")[2]))
    return named or [ROOT / "config.yml"]


def leave_out(arguments: Sequence[str] = ()) -> bool:
    """Keep TensorFlow out of this process if its recipes (those of Rasa's command line) need none; whether it is out."""
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return True
    if not LEFT_OUT.isdisjoint(sys.modules) or not all(needs_none(config) for config in configs(arguments)):
        return False
    sys.meta_path.insert(0, _Finder())
    return True
