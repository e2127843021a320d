"""Cues of `data/chat/cues.yml` as a trained model marks them."""

from __future__ import annotations

from pathlib import Path

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from components.turn_cues import CuesError, TurnCues, compiled, read_cues

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def cues(tmp_path_factory: pytest.TempPathFactory) -> TurnCues:
    folder = tmp_path_factory.mktemp("model")
    storage, context = LocalModelStorage.create(folder), ExecutionContext(GraphSchema({}))
    config = {"data": str(ROOT / "data" / "chat" / "cues.yml")}
    resource = TurnCues.create(config, storage, Resource("cues"), context).train(TrainingData())
    return TurnCues.load(config, storage, resource, context)


def marked(cues: TurnCues, text: str) -> dict[str, str]:
    message = Message({TEXT: text})
    cues.process([message])
    return dict(message.get("cues"))


@pytest.mark.parametrize(
    ("text", "cue"),
    [("那它能退吗", "points"), ("刚才那个订单到哪了", "points"), ("那退货呢", "follows"), ("物流呢", "follows"),
     ("另一个订单呢", "others"), ("前面還有多少人", "queue_place"), ("不是这个，是上面那个", "above"), ("原因写错了", "slot_after_sales_reason")],
)  # fmt: skip
def test_a_cue_is_marked(cues: TurnCues, text: str, cue: str) -> None:
    assert cue in marked(cues, text)


@pytest.mark.parametrize(
    ("text", "cue"),
    [("我的订单到哪了", "points"), ("我的快递呢", "follows"), ("还有多久能到", "queue_place")],
)  # fmt: skip
def test_what_only_looks_like_one_is_not(cues: TurnCues, text: str, cue: str) -> None:
    assert cue not in marked(cues, text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("地址说错了，应该是文三路200号", "文三路200号"), ("不对，地址是文三路200号", "文三路200号"), ("第二个才对", "第二个"),
     ("不是红色的，我要的是蓝色", "蓝色"), ("电话写错了，是13800000000", "13800000000")],
)  # fmt: skip
def test_what_is_right_instead_is_cut_out(cues: TurnCues, text: str, value: str) -> None:
    assert marked(cues, text)["value"] == value


def test_a_file_that_is_no_list_of_patterns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cues.yml").write_text("cues: {points: 那个}", "utf-8")
    with pytest.raises(CuesError, match="patterns"):
        read_cues(tmp_path / "cues.yml")
    with pytest.raises(CuesError, match="points"):
        compiled({"points": ["(points"]})
