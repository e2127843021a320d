"""Reads a project whose topics are folders: what each declares, says and asks becomes Rasa's one domain and its rules.

`topics/` knows the files: `domain.yml`, `forms.yml`, `follow_ups.yml` and `responses.yml` in `data/<topic>/`. Rasa's own
importer would count `responses:` in `data/` as NLU training data, since ResponseSelector learns from them. Nothing here
does; so a designer's change of wording trains in seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.exceptions import RasaException
from rasa.shared.importers import utils
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.common import cached_method

from components.validation import hide_what_is_right
from topics import domain as topic_domain
from topics import follow_ups as topic_follow_ups
from topics import forms as topic_forms
from topics.files import TopicError


class TopicImporter(RasaFileImporter):
    """`RasaFileImporter` with what the topics' folders say beside it."""

    def __init__(
        self,
        config_file: str | None = None,
        domain_path: str | None = None,
        training_data_paths: list[str] | str | None = None,
    ) -> None:
        super().__init__(config_file, domain_path, training_data_paths)
        paths = [training_data_paths] if isinstance(training_data_paths, str) else training_data_paths or []
        self._data = [Path(path) for path in paths if path]

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
        """The root's domain with what the topics declare, and their wording. Raises RasaException."""
        if self._domain_path and Path(self._domain_path).is_file():
            with _told():
                whole = topic_domain.joined(Path(self._domain_path), self._data)
            domain = Domain.from_yaml(yaml.safe_dump(whole, allow_unicode=True, sort_keys=False), self._domain_path)
        else:
            domain = super().get_domain()
        responses: dict[str, Any] = self._read().responses
        with _told():
            topic_follow_ups.answered(topic_follow_ups.declared(self._data), responses)
        spoken = domain.merge(Domain.from_dict({"responses": responses})) if responses else domain
        hide_what_is_right(spoken.responses, spoken.intents, spoken.user_actions)
        return spoken

    def get_stories(self, exclusion_percentage: int | None = None) -> StoryGraph:
        """The rules and stories that are written, and the rules that follow from the forms. Raises RasaException."""
        written = super().get_stories(exclusion_percentage)
        with _told():
            forms = topic_forms.declared(self._data).forms.values()
        rules = [rule for form in forms for rule in form.rules()]
        reader = YAMLStoryReader(self.get_domain())
        return StoryGraph([*written.story_steps, *reader.read_from_parsed_yaml({"version": "3.1", "rules": rules})])


@contextmanager
def _told() -> Iterator[None]:
    """What is wrong in a topic's file is told in one line, as Rasa tells what is wrong in its own files."""
    try:
        yield
    except TopicError as error:
        raise RasaException(str(error)) from error
