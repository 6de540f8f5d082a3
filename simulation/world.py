"""Everything that happens in one authority, and how it is recorded, before anybody reports it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.simulation.absence import Absence, absence
from sightline.simulation.calendar import Horizon, number
from sightline.simulation.calibration import PREDECESSORS, Authority
from sightline.simulation.care import Care, care
from sightline.simulation.casework import Casework, casework
from sightline.simulation.children import LONG_AGO, Population, population
from sightline.simulation.events import effects, onset_of
from sightline.simulation.exclusions import Exclusions, exclusions
from sightline.simulation.identities import identified
from sightline.simulation.placements import ApPlacements, placements
from sightline.simulation.recording import Recording, recording
from sightline.simulation.referrals import Referrals, referrals, seen_elsewhere
from sightline.simulation.truth import Event

Identities = NDArray[np.int64]
HIDDEN_BEFORE = 150
"""Days before the onset from which pupils who are to be overlooked are not referred."""


@dataclass(frozen=True)
class World:
    authority: Authority
    population: Population
    exclusions: Exclusions
    care: Care
    referrals: Referrals
    casework: Casework
    absence: Absence
    placements: ApPlacements
    recording: Recording
    simulated_from: int
    reporting_from: int
    """The first day of the first monthly extract."""
    first_child: int
    first_number: int
    """Where the numbering starts, so that authorities that were one do not share a number."""

    def known_to_social_care(self) -> Identities:
        """Of whom referrals, assessments or returns of looked-after children tell, in order."""
        care = self.care
        told = (self.referrals.child, self.casework.child, care.child, care.short_breaks.child)
        return np.unique(np.concatenate(told))

    def known_to_schools(self) -> Identities:
        """Of whom censuses or returns of alternative provision tell, in order."""
        absent = (missed.child for missed in self.absence.values())
        return np.unique(np.concatenate([self.exclusions.child, self.placements.child, *absent]))

    def planted(self) -> dict[str, int]:
        """How many there are of each kind of case that returns seldom hold."""
        people, care, told = self.population, self.care, self.recording
        in_care = self.known_to_social_care()
        own = people.person == np.arange(len(people.person))
        first_adopted = int(own.sum()) - int(care.adopted.sum())
        adopted = in_care[own[in_care] & (in_care >= first_adopted)]
        return {
            "referrals told late": int(told.late_referral.sum()),
            "closures of older referrals": int(told.closure_told.sum()),
            "placements told late": int(told.late_placement.sum()),
            "missing episodes told late": int(told.late_missing.sum()),
            "children missing again on the same day": len(told.missing.of) - len(care.missing.of),
            "children in short breaks": len(np.unique(care.short_breaks.child)),
            "children adopted": int(care.adopted.sum()),
            "of them told of under a new identity": len(adopted),
            "children whose sex or birth was corrected": int(
                (people.corrected_on[in_care] > LONG_AGO).sum()
            ),
            "local numbers given to a second child": len(in_care)
            - len(np.unique(people.child_id[in_care])),
        }


def build(authority: Authority, horizon: Horizon, events: tuple[Event, ...], seed: int) -> World:
    """Each authority has its own stream of random numbers, so the others do not change it."""
    rng = np.random.default_rng([seed, int(authority.la_code)])
    changed = effects(horizon, events, authority.la_code)
    people = population(authority, horizon, rng)
    excluded = exclusions(rng, authority, horizon, people, changed)
    looked_after = care(rng, authority, horizon, people, changed)
    seen = seen_elsewhere(rng, excluded, looked_after, people, changed, horizon)
    onset = onset_of(events, "excluded_not_referred", authority.la_code)
    exposed = excluded.of_exposed(people)
    hidden = exposed[excluded.day[exposed] >= onset] if onset else exposed[:0]
    made = referrals(
        rng, authority, horizon, people, changed, seen,
        (np.unique(excluded.child[hidden]), (onset or 0) - HIDDEN_BEFORE),
    )  # fmt: skip
    worked = casework(rng, authority, horizon, people, made, looked_after, changed)
    missed = absence(rng, authority, horizon, people, changed, excluded, (made, looked_after))
    placed = placements(rng, authority, horizon, people, excluded)
    aside = np.random.default_rng([seed, int(authority.la_code), 11])
    told = recording(aside, looked_after, made, worked, placed)
    people, (excluded, looked_after, made, worked, missed, placed) = identified(
        aside, authority, horizon, people, (excluded, looked_after, made, worked, missed, placed)
    )
    part = list(PREDECESSORS).index(authority.la_code) if authority.la_code in PREDECESSORS else 0
    return World(
        authority=authority,
        population=people,
        exclusions=excluded,
        care=looked_after,
        referrals=made,
        casework=worked,
        absence=missed,
        placements=placed,
        recording=told,
        simulated_from=int(horizon.days[0]),
        reporting_from=number(horizon.start),
        first_child=2_000_000 * part,
        first_number=4_000_000 * part,
    )
