"""What customers go on to ask: a wrong file is refused with its line and what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.topics.test_files import topic
from topics.files import TopicError
from topics.follow_ups import answered, declared

EXAMPLES = "".join(f"      - 多久{place}\n" for place in range(12))
FILE = f"kinds:\n  gift:\n    when:\n      about: when it comes\n      examples:\n{EXAMPLES}"


@pytest.mark.parametrize(
    ("text", "line", "write"),
    [
        (FILE.replace("kinds", "kind"), 1, "Write one of: kinds, others"),
        (FILE.replace("about", "what"), 4, "Write one of: about, question, examples"),
        (FILE.replace("      about: when it comes\n", ""), 3, "Write `about: when the money is back`"),
        (FILE.replace("      - 多久11\n", ""), 3, "Write 12 at least"),
        (FILE.replace("多久11", "多久10"), 3, "Keep one of them"),
        (FILE + "others: 我要退货\n", 18, "Write `- a text`"),
        (FILE + "    when:\n", 18, "Keep one of them"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line_and_what_to_write(tmp_path: Path, text: str, line: int, write: str) -> None:
    data = topic(tmp_path, "gifts", follow_ups=text)
    with pytest.raises(TopicError) as told:
        declared([data])
    assert str(told.value).startswith(f"data/gifts/follow_ups.yml:{line}: ") and write in str(told.value)


def test_a_kind_belongs_to_one_topic(tmp_path: Path) -> None:
    topic(tmp_path, "gifts", follow_ups=FILE)
    data = topic(tmp_path, "parcels", follow_ups=FILE)
    with pytest.raises(TopicError, match=r"data/parcels/follow_ups.yml:2: `gift` is another topic's already"):
        declared([data])


def test_an_aspect_without_an_answer_is_refused(tmp_path: Path) -> None:
    told = declared([topic(tmp_path, "gifts", follow_ups=FILE)])
    with pytest.raises(TopicError, match=r"data/gifts/follow_ups.yml:3: .*Write `utter_gifts_gift_when` into responses.yml"):
        answered(told, {"utter_gifts_gift_whenever": []})
    answered(told, {"utter_gifts_gift_when_wrapped": []})
