"""Sentence vectors from an endpoint: a real server on a socket that answers, fails, lies and goes away."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backoffice.knowledge.search.encoder import BundledEncoder, EncoderUnavailable
from backoffice.knowledge.search.endpoint import EndpointEncoder
from backoffice.knowledge.search.vectors import VectorStore
from backoffice.settings import Settings, SettingsError

SIZE = 8


@dataclass
class Endpoint:
    """The stand-in: `answers` says what it does next, then it behaves."""

    url: str = ""
    answers: list[Any] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)


def row(text: str) -> list[float]:
    return [float(1 + ord(text[place % len(text)]) % 7) for place in range(SIZE)]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    told = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.asked.append({"path": self.path, **body})
            told.keys.append(self.headers["Authorization"])
            answer = told.answers.pop(0) if told.answers else None
            if isinstance(answer, int):
                return self.reply(answer, b"{}")
            if isinstance(answer, bytes):
                return self.reply(200, answer)
            data = [{"index": i, "embedding": row(text)} for i, text in enumerate(body["input"])]
            return self.reply(200, json.dumps({"data": data[::-1]}).encode())

        def reply(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


def test_rows_have_length_one_and_stand_in_the_order_asked(endpoint: Endpoint) -> None:
    rows = EndpointEncoder(endpoint.url, "bge-m3", "k-1").encode(["包邮吗", "退货"])
    expected = np.array([row("包邮吗"), row("退货")], np.float32)
    assert rows == pytest.approx(expected / np.linalg.norm(expected, axis=1, keepdims=True), abs=1e-6)
    assert endpoint.asked[0]["path"] == "/v1/embeddings"
    assert endpoint.asked[0]["model"] == "bge-m3"
    assert endpoint.keys == ["Bearer k-1"]


def test_many_texts_go_in_batches(endpoint: Endpoint) -> None:
    texts = [f"第{n}句" for n in range(150)]
    assert EndpointEncoder(endpoint.url, "m").encode(texts).shape == (150, SIZE)
    assert [len(each["input"]) for each in endpoint.asked] == [64, 64, 22]


def test_a_busy_endpoint_is_asked_again(endpoint: Endpoint) -> None:
    endpoint.answers = [503, 429]
    assert EndpointEncoder(endpoint.url, "m").encode(["包邮吗"]).shape == (1, SIZE)
    assert len(endpoint.asked) == 3


@pytest.mark.parametrize("answers", [[401], [400], [500, 500, 500]])
def test_one_that_refuses_is_unavailable_and_not_pressed(endpoint: Endpoint, answers: list[Any]) -> None:
    endpoint.answers = list(answers)
    with pytest.raises(EncoderUnavailable, match="status"):
        EndpointEncoder(endpoint.url, "m").encode(["包邮吗"])
    assert len(endpoint.asked) == len(answers)


@pytest.mark.parametrize(
    "answer",
    [
        b"no json",
        b"{}",
        b'{"data": []}',
        b'{"data": [{"index": 0, "embedding": []}]}',
        b'{"data": [{"index": 0, "embedding": ["a"]}]}',
        b'{"data": [{"index": 0, "embedding": [NaN, 1]}]}',
        b'{"data": [{"index": 0, "embedding": [[1], [2]]}]}',
        b'{"data": [{"embedding": [1]}]}',
    ],
)
def test_nonsense_is_unavailable(endpoint: Endpoint, answer: bytes) -> None:
    endpoint.answers = [answer]
    with pytest.raises(EncoderUnavailable):
        EndpointEncoder(endpoint.url, "m").encode(["包邮吗"])


def test_nobody_there_is_unavailable() -> None:
    with pytest.raises(EncoderUnavailable):
        EndpointEncoder("http://127.0.0.1:9/v1", "m", attempts=1).encode(["包邮吗"])


def test_vectors_are_asked_for_once(endpoint: Endpoint, tmp_path: Path) -> None:
    for _ in range(2):
        rows = VectorStore(EndpointEncoder(endpoint.url, "m"), tmp_path / "vectors.db").rows(["包邮吗", "包邮吗"])
        assert rows.shape == (2, SIZE)
    assert [each["input"] for each in endpoint.asked] == [["包邮吗"]]


def test_two_encoders_share_a_file_and_no_vectors(endpoint: Endpoint, tmp_path: Path) -> None:
    path = tmp_path / "vectors.db"
    VectorStore(EndpointEncoder(endpoint.url, "m"), path).rows(["包邮吗"])
    assert VectorStore(BundledEncoder(), path).rows(["包邮吗"]).shape == (1, 512)
    VectorStore(EndpointEncoder(endpoint.url, "other"), path).rows(["包邮吗"])
    assert [each["model"] for each in endpoint.asked] == ["m", "other"]


SECRETS = {f"LINGXI_{name}": "s" * 32 for name in ("SERVICE_TOKEN", "CUSTOMER_JWT_SECRET", "RASA_TOKEN")}


def test_the_key_stays_out_of_what_is_printed() -> None:
    told = {"URL": "https://vectors.example/v1", "MODEL": "m", "KEY": "sk-very-secret"}
    settings = Settings.from_env({**SECRETS, **{f"LINGXI_EMBEDDINGS_{k}": v for k, v in told.items()}})
    assert settings.embeddings is not None
    assert "very-secret" not in repr(settings)


@pytest.mark.parametrize("told", [{"URL": "vectors.example", "MODEL": "m"}, {"URL": "http://vectors.example"}])
def test_half_a_configuration_is_refused(told: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="LINGXI_EMBEDDINGS"):
        Settings.from_env({**SECRETS, **{f"LINGXI_EMBEDDINGS_{k}": v for k, v in told.items()}})


def test_a_search_goes_on_when_the_endpoint_goes_away(
    endpoint: Endpoint, office: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from backoffice.knowledge.search import KnowledgeSearch
    from tests.backoffice.test_knowledge import FREIGHT, make

    make(office, "faq-freight", FREIGHT)
    encoder = EndpointEncoder(endpoint.url, "m", attempts=1)
    search = KnowledgeSearch(office.shop.database, office.clock, tmp_path, encoder)
    assert [hit.key for hit in search.search("包邮吗").hits] == ["faq-freight"]
    assert endpoint.asked
    endpoint.answers = [503] * 20
    with caplog.at_level(logging.WARNING):
        assert [hit.key for hit in search.search("满多少包邮").hits] == ["faq-freight"]
    assert "embeddings endpoint fails" in caplog.text
    asked = len(endpoint.asked)
    assert search.follow()
    assert [hit.key for hit in search.search("满多少包邮").hits] == ["faq-freight"]
    assert len(endpoint.asked) == asked
