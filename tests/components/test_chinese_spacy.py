"""The Chinese pipeline is built from the lexicon, kept in the model, and usable by Rasa's own spaCy components."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy
import yaml
from rasa.nlu.constants import SPACY_DOCS, TOKENS_NAMES
from rasa.nlu.tokenizers.spacy_tokenizer import SpacyTokenizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from components.chinese_spacy import ChineseSpacy
from components.lexicon import LexiconError, read_lexicon
from components.text_normaliser import normalise
from tests.components.conftest import ROOT, Pipeline, trained

CATALOGUE = ROOT / "backoffice" / "seed" / "data" / "catalogue"


def words(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "words.yml").write_text(text, "utf-8")
    return folder


def test_the_docs_words_are_the_customers_own_text(pipeline: Pipeline) -> None:
    text = "訂單2026 1121 0001\u200b還沒發貨😡😡"
    doc = pipeline.message(text).get(SPACY_DOCS[TEXT])
    assert doc.text == text
    assert [token.norm_ for token in doc] == ["订单", "202611210001", "还", "没", "发货", "生气"]


def test_rasas_own_tokenizer_reads_the_doc(pipeline: Pipeline) -> None:
    text = "帮我把鞋子換成42碼"
    message = pipeline.message(text)
    SpacyTokenizer(SpacyTokenizer.get_default_config()).process([message])
    tokens = message.get(TOKENS_NAMES[TEXT])
    assert [token.text for token in tokens] == ["帮", "我", "把", "鞋子", "換成", "42", "碼"]
    assert all(text[token.start : token.end] == token.text for token in tokens)


def test_training_examples_have_docs_where_asked(pipeline: Pipeline) -> None:
    data = TrainingData([Message({TEXT: "我要退货"})])
    assert pipeline.spacy.process_training_data(data).training_examples[0].get(SPACY_DOCS[TEXT]).text == "我要退货"


def test_what_customers_wrote_is_forgotten_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("components.chinese_spacy.NEW_STRINGS", 20)
    component = trained(tmp_path / "model", lexicon=str(words(tmp_path / "lexicon", "lexicon: {colour: {曜夜黑: []}}")))
    docs = [component.doc(text, normalise(text)) for text in (f"{number}曜夜黑" for number in range(100_000, 100_100))]
    assert len(docs[-1].vocab.strings) < len(docs[0].vocab.strings) + 30
    assert [span.text for span in docs[-1].spans["lexicon"]] == ["曜夜黑"]


def test_a_changed_lexicon_is_a_changed_component(tmp_path: Path) -> None:
    folder = words(tmp_path, "lexicon: {colour: {黑色: [黑的]}}")
    before = ChineseSpacy.fingerprint_addon({"lexicon": str(folder)})
    assert ChineseSpacy.fingerprint_addon({"lexicon": str(folder)}) == before
    words(tmp_path, "lexicon: {colour: {黑色: [黑的, 乌黑]}}")
    assert ChineseSpacy.fingerprint_addon({"lexicon": str(folder)}) != before


def test_an_installed_pipeline_comes_first_and_the_words_are_added(tmp_path: Path) -> None:
    """Stands for zh_core_web_sm: a saved pipeline with a tokenizer and a component of its own."""
    own = spacy.blank("zh")
    own.add_pipe("sentencizer")
    own.to_disk(tmp_path / "own")
    folder = words(tmp_path / "lexicon", "lexicon: {colour: {曜夜黑: []}}")
    component = trained(tmp_path / "model", lexicon=str(folder), model=str(tmp_path / "own"))
    doc = component.doc("要曜夜黑。快", normalise("要曜夜黑。快"))
    assert [token.text for token in doc] == list("要曜夜黑。快")
    assert len(list(doc.sents)) == 2
    assert [(span.text, span.label_) for span in doc.spans["lexicon"]] == [("曜夜黑", "colour")]


@pytest.mark.parametrize("text", ["lexicon: [a]", "festivals: {元旦: [a]}", "lexicon: {colour: {黑色: [黑], 白色: [黑]}}"])
def test_a_lexicon_out_of_form_names_its_file(tmp_path: Path, text: str) -> None:
    with pytest.raises(LexiconError, match=r"words\.yml"):
        read_lexicon(words(tmp_path, text))


def test_every_brand_and_model_of_the_demo_shop_is_known() -> None:
    known = {word.text for word in read_lexicon(ROOT / "data" / "lexicon")}
    missing = set()
    for path in CATALOGUE.glob("*.yml"):
        for kind in yaml.safe_load(path.read_text("utf-8"))["kinds"]:
            for brand in kind.get("brands", [{}]):
                models = {f"{brand.get('prefix', '')}{line['model']}" for line in kind["lines"] if "model" in line}
                names = models | ({brand["name"]} if "name" in brand else set())
                missing |= {name for name in names if normalise(name).text not in known}
    assert missing == set()
