"""Every fault of the lists can still be planted; `make mutants` plants them and runs the tests."""

from collections.abc import Iterator

import pytest
from planting import OF_FIGURES, ROOT, CannotPlant, Mutant, load, planted

MUTANTS = load()


def fault(file: str = "a.py", **more: str) -> Mutant:
    known = dict.fromkeys(("find", "text", "within", "survives"))
    return Mutant("a fault", "models", file, **(known | {"put": "9"} | more), models=(), tests=())


def complaints(one: Mutant) -> Iterator[str]:
    """Why the fault cannot be planted, and which of the tests that concern it are not there."""
    try:
        planted(one, (ROOT / one.file).read_text(encoding="utf-8"))
    except (CannotPlant, SyntaxError) as complaint:
        yield str(complaint)
    for test in set(one.tests) - set(OF_FIGURES):
        path, _, name = test.partition("::")
        if f"def {name}" not in (ROOT / path).read_text(encoding="utf-8"):
            yield f"{one.name}: there is no {test}"
    for model in one.models:
        if not any(ROOT.glob(f"dbt_project/models/*/{model}.sql")):
            yield f"{one.name}: there is no {model}"


def test_every_fault_has_one_place_and_tests_that_concern_it():
    found = [said for one in MUTANTS for said in complaints(one)]
    assert not found, "\n".join(found)
    assert all(one.tests for one in MUTANTS)


def test_there_are_faults_of_every_part():
    assert {one.about for one in MUTANTS} == {
        "alerts", "disclosure", "intake", "labels", "models", "signals",
    }  # fmt: skip
    assert len(MUTANTS) >= 60


def test_a_node_is_found_whatever_way_it_is_written():
    source = 'é = 1\ndef one(x):\n    return x[ "a"\n    ] + 1\ndef two(x):\n    return x["a"]\n'
    changed = planted(fault(find="x['a']", within="one"), source)
    assert changed == 'é = 1\ndef one(x):\n    return 9 + 1\ndef two(x):\n    return x["a"]\n'


def test_a_statement_keeps_its_place_in_the_text():
    source = "def one():\n    if True:\n        first()\n        x = 1\n"
    changed = planted(fault(find="x = 1", put="x = 2\ny = 3"), source)
    assert changed == "def one():\n    if True:\n        first()\n        x = 2\n        y = 3\n"


def test_a_step_of_a_model_is_searched_alone():
    source = "with a as (\n    select (1) as x\n),\n\nb as (\n    select (1)   as x\n)\n"
    changed = planted(fault("a.sql", text="(1) as x", within="b"), source)
    assert changed == "with a as (\n    select (1) as x\n),\n\nb as (\n    select 9\n)\n"


def test_a_key_of_yaml_is_searched_alone():
    source = "a:\n  most: 1\nb:\n  most: 1\n"
    assert planted(fault("a.yml", text="most: 1", within="b"), source) == "a:\n  most: 1\nb:\n  9\n"


@pytest.mark.parametrize("source", ["x = 2", "x = 1\ny = 1", "x = 1 and y = 1"])
def test_a_place_that_is_not_the_only_one_is_an_error(source):
    with pytest.raises(CannotPlant):
        planted(fault("a.sql", text="= 1", put="= 9"), source)


def test_what_changes_nothing_is_an_error():
    with pytest.raises(CannotPlant, match="nothing"):
        planted(fault(find="1", put="1"), "x = 1\n")
