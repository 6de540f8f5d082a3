"""The simple rules that others use."""

import numpy as np
import pytest
from methods import rules

FLAT = np.tile([10.0, 12.0], 30)[None, :]


@pytest.mark.parametrize("rule", [rules.ears, rules.z_score, rules.same_month, rules.xmr])
def test_a_jump_scores_high_and_does_not_hide_in_its_own_baseline(rule: object) -> None:
    counts = FLAT.copy()
    counts[0, -1] = 60
    assert callable(rule)
    scores = rule(counts)
    assert scores[0, -1] == np.nanmax(scores)
    assert np.isnan(scores[0, 0])


def test_scores_accumulate() -> None:
    total = rules.sustained(np.ones((1, 20)), length=4)
    assert total[0, -1] == pytest.approx(2.0)
