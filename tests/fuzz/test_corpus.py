from __future__ import annotations

import random

import pytest

from tests.fuzz.registry import TARGETS, corpus_of
from wavry.errors import RemoteProtocolError


@pytest.mark.parametrize("name", TARGETS)
def test_every_input_of_the_corpus_has_a_value_or_is_refused(name: str) -> None:
    target, inputs = TARGETS[name](random.Random(1)), corpus_of(name)
    assert len(inputs) >= 10
    refused = 0
    for data in [*target.seeds, *inputs]:
        try:
            target.feed(data)
        except RemoteProtocolError:
            refused += 1
    assert refused < len(inputs) + len(target.seeds)
