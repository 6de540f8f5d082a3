"""Every text that a person types into a command passes the gate before anything is done."""

import sys
from collections.abc import Iterator

import click
import pytest

from sightline.orchestration import cli
from sightline.orchestration.console import typed
from sightline.warehouse import typed_text

SAMPLES = {
    "a unique pupil number": "A123456789012",
    "an NHS number": "943 476 5919",
    "a date of birth": "14/03/2012",
    "a postcode": "LS1 4AP",
    "an e-mail address": "mother@example.org",
    "a small count": "three girls",
}
SENTENCES = {"--reason", "--note", "--as", "--public", "--approved-by"}


def options(group: click.Group, *names: str) -> Iterator[tuple[tuple[str, ...], click.Option]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from options(command, *names, name)
        else:
            for option in command.params:
                if isinstance(option, click.Option):
                    yield (*names, name), option


TYPED = [
    (command, option.opts[0])
    for command, option in options(cli.commands)
    if SENTENCES.intersection(option.opts) and command != ("alerts", "resolve")
] + [(("alerts", "resolve"), name) for name in ("--as", "--note")]


def test_the_gate_knows_every_sample() -> None:
    assert {what: typed_text.personal(f"as {text} says") for what, text in SAMPLES.items()} == {
        what: what for what in SAMPLES
    }


def test_every_sentence_passes_the_gate() -> None:
    ungated = [
        (command, option.opts[0])
        for command, option in options(cli.commands)
        if (command, option.opts[0]) in TYPED and option.callback is not typed
    ]
    assert ungated == []
    assert len(TYPED) >= 18


@pytest.mark.parametrize("what", SAMPLES)
@pytest.mark.parametrize(("command", "option"), TYPED, ids=lambda one: " ".join(one)
                         if isinstance(one, tuple) else one)  # fmt: skip
def test_a_text_about_a_person_is_refused_by_the_rule_and_not_repeated(
    command, option, what, monkeypatch, capsys
) -> None:
    value = SAMPLES[what]
    monkeypatch.setattr(sys, "argv", ["sightline", *command, option, f"as {value} says"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    assert ended.value.code == typed_text.WRONG_USE
    assert f"{option} seems to hold {what}" in said.err
    assert value not in said.err + said.out
