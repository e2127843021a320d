"""`python -m backoffice.knowledge.search`: trains the combiner on the shop's published entries, a
minute or two.

Writes var/knowledge/combiner.json, which the processes read at their start. `--shipped` makes the
product's own anew,
from all of the demo shop's variants.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from threadpoolctl import threadpool_limits

from backoffice.database import Database
from backoffice.knowledge.measuring import sets
from backoffice.knowledge.published import published
from backoffice.knowledge.search.index import Index, Kind
from backoffice.knowledge.search.service import CACHE_FOLDER, bundled_vectors, endpoint_of
from backoffice.knowledge.search.training import train
from backoffice.knowledge.search.vectors import VectorStore
from backoffice.settings import Settings, clock_from_env, database_url_from_env

LEAST_VARIANTS = 200
"""Of fewer, the shipped combiner knows more than a trained one would."""


def main() -> int:
    """Trains and writes; exit code 1 where there is too little to learn from."""
    parser = argparse.ArgumentParser(prog="python -m backoffice.knowledge.search", description=main.__doc__)
    parser.add_argument("--shipped", action="store_true", help="the product's own, from the demo shop")
    options = parser.parse_args()
    threadpool_limits(1)
    vectors = bundled_vectors(CACHE_FOLDER)
    if options.shipped:
        entries = sets.entries()
        path = Path(__file__).with_name("combiner.json")
    else:
        embeddings = Settings.from_env().embeddings
        if encoder := endpoint_of(embeddings):
            vectors = VectorStore(encoder, CACHE_FOLDER / "vectors.db")
        database = Database(database_url_from_env())
        with database.read() as session:
            entries = published(session, clock_from_env()())
        database.close()
        path = CACHE_FOLDER / "combiner.json"
    index = Index(entries, vectors, for_training=True)
    variants = int((index.kinds == Kind.VARIANT).sum())
    if variants < LEAST_VARIANTS:
        print(f"{variants} variants are too few to learn from: at least {LEAST_VARIANTS}", file=sys.stderr)
        return 1
    combiner = train(index)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(combiner.stored(), indent=1) + "\n", "utf-8")
    partial.replace(path)
    print(f"{path.name}: {len(entries)} entries, {variants} variants")
    return 0


if __name__ == "__main__":
    sys.exit(main())
