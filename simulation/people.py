"""Who is who in a simulated nation: what every identifier stands for, to judge linkage against.

It is made anew from the seed each time and written nowhere.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np

from sightline.simulation.national import worlds_of
from sightline.simulation.post import senders
from sightline.simulation.truth import Truth
from sightline.simulation.world import World


class Known(NamedTuple):
    """An identifier as a sender gives it, and the child that it stands for.

    `kind` is person for a local number and upn for a present or former pupil number. `child` names
    a person of the simulation, alike for all senders: identifiers of one child may be tied, others
    not. An adopted child is another child from the adoption on, since its new identity may not be
    tied to the old one. An identifier that a sender gave to two children comes twice.
    """

    sender: str
    kind: Literal["person", "upn"]
    identifier: str
    child: str


def people(truth: Truth) -> Iterator[Known]:
    """Every identifier of every child of whom something is told, at each sender that may tell it.

    Which rows carry another child's pupil number by mistake, files show: the child of a row's local
    number is then not the one of its pupil number.
    """
    for horizon, worlds in worlds_of(truth):
        for sender in senders(worlds, horizon):
            for world in sender.worlds:
                yield from _of(world, sender.la_code)


def _of(world: World, sender: str) -> Iterator[Known]:
    people, la_code = world.population, world.authority.la_code
    in_care = world.known_to_social_care()
    for who in in_care.tolist():
        child = f"{la_code}-{people.person[who]}"
        yield Known(sender, "person", people.child_id[who].decode(), child)
    for who in np.union1d(in_care, world.known_to_schools()).tolist():
        child = f"{la_code}-{people.person[who]}"
        for upn in (people.upn[who], people.former_upn[who]):
            if upn:
                yield Known(sender, "upn", upn.decode(), child)
