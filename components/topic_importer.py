"""Reads a project whose wording lies beside its topics: a changed reply retrains no NLU.

Rasa's own importer counts `responses:` in `data/` as NLU training data, since ResponseSelector learns from them. Nothing
here does; so this importer hands them to the domain, and a designer's change of wording trains in seconds.
"""

from __future__ import annotations

from typing import Any

from rasa.shared.core.domain import Domain
from rasa.shared.importers import utils
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.common import cached_method

from components.validation import hide_what_is_right


class TopicImporter(RasaFileImporter):
    """`RasaFileImporter` with the responses of `data/` in the domain instead of in the NLU training data."""

    @cached_method  # type: ignore[untyped-decorator]
    def _read(self) -> TrainingData:
        return utils.training_data_from_paths(self._nlu_files, "zh")

    def get_nlu_data(self, language: str | None = "zh") -> TrainingData:
        """The examples, without the wording."""
        read = self._read()
        return TrainingData(
            read.training_examples, read.entity_synonyms, read.regex_features, read.lookup_tables, responses={}
        )

    @cached_method  # type: ignore[untyped-decorator]
    def get_domain(self) -> Domain:
        """The domain file with the wording of all topics."""
        domain = super().get_domain()
        responses: dict[str, Any] = self._read().responses
        whole = domain.merge(Domain.from_dict({"responses": responses})) if responses else domain
        hide_what_is_right(whole.responses, whole.intents, whole.user_actions)
        return whole
