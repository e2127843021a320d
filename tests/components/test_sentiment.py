"""The feeling of a message, trained on the project's own sentences and measured on held-out ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.io import read_yaml_file

from components.sentiment import SentimentClassifier, read_sentences

ROOT = Path(__file__).parents[2]
HELD_OUT = ROOT / "tests" / "nlu" / "sentiment.yml"
HELD_OUT_FLOOR = 0.85
UNHAPPY = {"dissatisfied", "angry"}

CONFIG = {**SentimentClassifier.get_default_config(), "data": str(ROOT / "data" / "sentiment")}
RESOURCE = Resource("sentiment")
CONTEXT = ExecutionContext(GraphSchema({}))


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> LocalModelStorage:
    """A store that holds the component trained on the real data."""
    storage = LocalModelStorage(tmp_path_factory.mktemp("model"))
    SentimentClassifier.create(CONFIG, storage, RESOURCE, CONTEXT).train(TrainingData())
    return storage


@pytest.fixture(scope="module")
def classifier(storage: LocalModelStorage) -> SentimentClassifier:
    return SentimentClassifier.load(CONFIG, storage, RESOURCE, CONTEXT)


def sentiment(classifier: SentimentClassifier, text: str) -> dict[str, Any]:
    message = Message({TEXT: text})
    classifier.process([message])
    told: dict[str, Any] = message.as_dict(only_output_properties=True)["sentiment"]
    return told


def test_held_out_sentences(classifier: SentimentClassifier) -> None:
    pairs = [(label, str(s)) for label, told in read_yaml_file(HELD_OUT)["sentiment"].items() for s in told]
    right = sum(sentiment(classifier, text)["name"] == label for label, text in pairs)
    assert right / len(pairs) >= HELD_OUT_FLOOR


def test_held_out_sentences_are_not_trained_on() -> None:
    trained, _ = read_sentences(Path(CONFIG["data"]))
    held_out = {str(s) for told in read_yaml_file(HELD_OUT)["sentiment"].values() for s in told}
    assert not held_out & set(trained)
    assert len(trained) == len(set(trained)), "a sentence stands in the data twice"


def test_output_has_name_and_confidence_in_the_parse(classifier: SentimentClassifier) -> None:
    told = sentiment(classifier, "我的快递到哪了")
    assert set(told) == {"name", "confidence", "angry"}
    assert told["name"] == "neutral"
    assert isinstance(told["confidence"], float) and 0.25 <= told["confidence"] <= 1


@pytest.mark.parametrize("text", ["", " ", "\n", "\u200b", "𠮷" * 3000, "😀" * 500, "a" * 5000])
def test_any_text_has_a_sentiment(classifier: SentimentClassifier, text: str) -> None:
    assert sentiment(classifier, text)["name"] in {"satisfied", "neutral", "dissatisfied", "angry"}


def test_a_message_without_text_is_neutral(classifier: SentimentClassifier) -> None:
    message = Message({})
    classifier.process([message])
    assert message.get("sentiment") == {"name": "neutral", "confidence": 1.0, "angry": False}


@pytest.mark.parametrize("text", ["真快呀，等了两个星期才到", "您可真行，都五天了还没发货", "号称静音，吵得睡不着"])
def test_irony_is_no_praise(classifier: SentimentClassifier, text: str) -> None:
    assert sentiment(classifier, text)["name"] in UNHAPPY


@pytest.mark.parametrize("text", ["真的不差", "没什么不满意的地方", "用到现在没什么毛病，挺好", "一点也不后悔买了它"])
def test_denied_faults_are_praise(classifier: SentimentClassifier, text: str) -> None:
    assert sentiment(classifier, text)["name"] == "satisfied"


@pytest.mark.parametrize("text", ["这个东西不怎么样", "不是很满意", "没有描述的那么好用", "東西不好用，很失望"])
def test_denied_praise_is_displeasure(classifier: SentimentClassifier, text: str) -> None:
    assert sentiment(classifier, text)["name"] in UNHAPPY


@pytest.mark.parametrize(
    "text", ["杯子坏了，怎么退货", "我要退款", "收不到验证码怎么办", "少发了一件，可以补吗", "谢谢", "想投诉的话流程是什么"]
)
def test_a_problem_stated_plainly_is_neutral(classifier: SentimentClassifier, text: str) -> None:
    assert sentiment(classifier, text)["name"] == "neutral"


@pytest.mark.parametrize("text", ["你们就是骗子！还钱！", "再不发货我就去12315投诉你们！", "忍无可忍，叫你们经理出来"])
def test_heat_is_anger(classifier: SentimentClassifier, text: str) -> None:
    assert sentiment(classifier, text)["name"] == "angry"


def test_changed_sentences_change_the_fingerprint(tmp_path: Path) -> None:
    told = tmp_path / "satisfied.yml"
    told.write_text("sentiment:\n  satisfied:\n  - 很好\n", "utf-8")
    before = SentimentClassifier.fingerprint_addon({"data": str(tmp_path)})
    told.write_text("sentiment:\n  satisfied:\n  - 非常好\n", "utf-8")
    assert SentimentClassifier.fingerprint_addon({"data": str(tmp_path)}) != before


def test_an_unknown_or_lacking_label_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no sentences"):
        read_sentences(tmp_path)
    (tmp_path / "happy.yml").write_text("sentiment:\n  happy:\n  - 很好\n", "utf-8")
    with pytest.raises(ValueError, match=r"happy\.yml: unknown sentiment 'happy'"):
        read_sentences(tmp_path)


@pytest.mark.parametrize("text", ["？？", "!!!", "？！？！", "😡", "。。。", "😤😤😤"])
def test_signs_alone_show_no_anger(classifier: SentimentClassifier, text: str) -> None:
    assert sentiment(classifier, text) == {"name": "neutral", "confidence": 1.0, "angry": False}
