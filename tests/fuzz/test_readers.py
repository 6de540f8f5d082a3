"""Files bent at random are read or refused: no reader crashes, no record is lost.

SIGHTLINE_TEST_EXAMPLES says how many batches of each kind are tried; a usual run tries the same.
"""

import os

import pytest
from corpus import SEEDS, complaints, taken
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from mutations import bent

IS_LONG = "SIGHTLINE_TEST_EXAMPLES" in os.environ
BATCHES = int(os.environ.get("SIGHTLINE_TEST_EXAMPLES", "5"))
# Many at once: what costs is the batch.
FILES_A_BATCH = 25


def test_the_files_to_be_bent_are_accepted() -> None:
    sent = [(seed.sender, seed.whole(seed.content)) for seed in SEEDS.values()]
    for (_, data), outcome in zip(sent, taken(sent), strict=True):
        assert complaints(data, outcome) == []
        assert (outcome.is_refused, outcome.quarantined) == (False, 0)


@pytest.mark.parametrize("kind", SEEDS)
def test_a_bent_file_is_read_or_refused_and_every_record_counted(kind: str) -> None:
    seed = SEEDS[kind]

    @settings(
        max_examples=BATCHES, deadline=None, derandomize=not IS_LONG, database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.lists(bent(seed.content), min_size=FILES_A_BATCH, max_size=FILES_A_BATCH))
    def try_batch(batch: list[bytes]) -> None:
        sent = [(seed.sender, seed.whole(data)) for data in batch]
        for (_, data), outcome, file in zip(sent, taken(sent), batch, strict=True):
            assert complaints(data, outcome) == [], file

    try_batch()
