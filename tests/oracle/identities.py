"""Which identifiers are one child's: what each sender claims last, as far as nobody contradicts it.

Where claims contradict each other nobody can say which is right, so that the tie is cut: to take
two children for one would hide a child. A number that stands for several children is made several.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from datetime import date
from typing import NamedTuple

from oracle.reading import Row, Submission, rows_of

ADOPTED = ("E11", "E12")
"""Why care ended, of those who were adopted."""


class Told(NamedTuple):
    """What one row says of an identifier; the birth in months."""

    newness: int
    start: date
    birth: int | None
    sex: str | None


NOTHING = Told(0, date.min, None, None)


class Tie(NamedTuple):
    """A local number (or a pupil number), and the pupil number that it has or had."""

    sender: str
    holder: str
    number: str
    is_former: bool
    newness: int
    start: date
    extract: str

    @property
    def key(self) -> tuple[str, str, bool]:
        """What a sender says anew each time."""
        return self.sender, self.holder, self.is_former

    @property
    def claimed(self) -> tuple[str, bool, str]:
        """The pupil number, as those claim it who have local numbers, or pupil numbers only."""
        return self.sender, self.is_person, self.number

    @property
    def is_person(self) -> bool:
        return not self.holder.startswith("upn")


Profiles = dict[tuple[str, str], list[Told]]
"""By sender and identifier, the oldest first."""


def joined(found: list[Submission]) -> list[tuple[str, str]]:
    """The ties that stand. Renames, in the rows, numbers that stand for several children."""
    part_in_time(found)
    profiles: Profiles = defaultdict(list)
    for kind in ("about", "pupils"):
        for row in rows_of(found, kind):
            if row.who:
                profiles[row.by.sender, row.who].append(_told(row))
    for told in profiles.values():
        told.sort(key=lambda one: one.newness)
    named = {
        Tie(row.by.sender, row.who or "", row.key, row.more, row.by.newness, row.by.start,
            row.by.extract)
        for row in rows_of(found, "ties") if row.key
    }  # fmt: skip
    newest = {tie.key: tie.newness for tie in sorted(named, key=_newness)}
    said = {tie for tie in named if newest[tie.key] == tie.newness}
    ties = uncontradicted(said, named, profiles)
    parted = part_between_senders(ties, profiles)
    for one in found:
        for row in (row for rows in one.rows.values() for row in rows):
            row.who = parted.get((one.sender, row.who or ""), row.who)

    def meant(tie: Tie) -> Tie:
        return tie._replace(
            holder=parted.get((tie.sender, tie.holder), tie.holder),
            number=parted.get((tie.sender, tie.number), tie.number),
        )

    ties, said = {meant(tie) for tie in ties}, {meant(tie) for tie in said}
    facts: dict[str, list[Told]] = defaultdict(list)
    for (sender, who), told in profiles.items():
        facts[parted.get((sender, who), who)].append(_last(told))
    ties = part_contradictions(ties, facts)
    present = defaultdict(lambda: date.min)
    for who, starts in [(who, [one.start for one in told]) for who, told in facts.items()] + [
        (tie.number, [tie.start]) for tie in said if not tie.is_former
    ]:
        present[who] = max(present[who], *starts)
    return [(tie.holder, tie.number) for tie in part_adoptions(found, ties, present)]


def are_two(told: Iterable[Told]) -> bool:
    """Whether any two cannot be of one child: births more than a year apart, or two sexes."""
    about = {one[2:] for one in told}
    births = {birth for birth, _ in about if birth}
    sexes = {sex for _, sex in about if sex}
    return len(sexes) > 1 or (bool(births) and max(births) - min(births) > 12)


def part_in_time(found: list[Submission]) -> None:
    """A local number means another child where the pupil number changes and with it birth or sex,
    or where birth and sex change both and a pupil number comes or goes."""
    said: dict[tuple[str, str], dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for kind in ("about", "ties"):
        for row in rows_of(found, kind):
            if row.who and not row.who.startswith("upn") and not (kind == "ties" and row.more):
                said[row.by.sender, row.who][row.by.newness].append(row)
    meant: dict[str, dict[str, dict[int, str]]] = defaultdict(dict)
    for (sender, who), rows in said.items():
        if are_two(_told(row) for those in rows.values() for row in those):
            places = sorted(rows)
            children = _children_in_turn([rows[place] for place in places])
            names = [who if one == children[-1] else f"{who} of old {one}" for one in children]
            meant[sender][who] = dict(zip(places, names, strict=True))
    for sender, numbers in meant.items():
        # A return that does not tell of a number means the child of the one before.
        now = {who: names[min(names)] for who, names in numbers.items()}
        for one in sorted((one for one in found if one.sender == sender), key=_newness):
            now = {who: names.get(one.newness, now[who]) for who, names in numbers.items()}
            for row in (row for rows in one.rows.values() for row in rows):
                row.who = now.get(row.who or "", row.who)


def _children_in_turn(claims: list[list[Row]]) -> list[int]:
    """For each return that tells of a number, which child it means: of those that it may mean the
    one whom it contradicts least, then the one meant last, then the newest."""
    known: list[tuple[Told, set[str]]] = []
    turns: list[int] = []
    for rows in claims:
        told = _last([_told(row) for row in rows])
        upns = {row.key for row in rows if row.key}
        choices = []
        for place, (last, has) in enumerate(known):
            is_born_else, is_other_sex = (
                are_two(one._replace(**{name: None}) for one in (last, told))
                for name in ("sex", "birth")
            )
            is_other = is_born_else or is_other_sex
            has_other = bool(has and upns and not has & upns) or (
                is_born_else and is_other_sex and bool(has) != bool(upns)
            )
            if not (is_other and has_other):
                choices.append((is_other + has_other, not turns or place != turns[-1], -place))
        turns.append(-min(choices)[2] if choices else len(known))
        if not choices:
            known.append((told, upns))
        last, has = known[turns[-1]]
        known[turns[-1]] = (_last([last, told]), upns or has)
    return turns


def uncontradicted(said: set[Tie], named: set[Tie], profiles: Profiles) -> set[Tie]:
    """What a sender does not contradict itself, in one return or in several."""
    ever: dict[tuple[str, bool, str], list[Tie]] = defaultdict(list)
    for tie in named:
        ever[tie.claimed].append(tie)
    present: dict[tuple[str, str], set[str]] = defaultdict(set)
    ever_present: dict[tuple[str, str], set[str]] = defaultdict(set)
    for into, those in ((present, said), (ever_present, named)):
        for tie in those:
            if not tie.is_former:
                into[tie[:2]].add(tie.number)

    def last(sender: str, who: str) -> Told:
        return _last(profiles.get((sender, who), [NOTHING]))

    def given_to_several_at_once(ties: list[Tie]) -> bool:
        holders = {tie.holder for tie in ties}
        given = {(tie.newness, tie.holder) for tie in ever[ties[0].claimed]}
        given = {one for one in given if one[1] in holders}
        return len(given) > len({place for place, _ in given})

    def told_as_two_pupils(ties: list[Tie]) -> bool:
        told = profiles.get((ties[0].sender, ties[0].number), [])
        return bool(told) and are_two(one for one in told if one.newness == told[-1].newness)

    def disputed(ties: list[Tie]) -> bool:
        """Told of children who are not one, or of one who may have it by a slip, or in turns."""
        holders = {tie.holder for tie in ties}
        if len(holders) == 1:
            return False
        about = [last(ties[0].sender, who) for who in holders]
        are_same = len({one[2:] for one in about}) == 1 and None not in about[0][2:]
        has_wavered = any(len(ever_present[tie[:2]]) > 1 for tie in ties if tie.is_person)
        return are_two(about) or (has_wavered and not are_same) or in_turns(ties)

    def in_turns(ties: list[Tie]) -> bool:
        """A child who is numbered anew has the old number no more where it has the new one."""
        spans: dict[tuple[str, str], list[Tie]] = defaultdict(list)
        for tie in ever[ties[0].claimed]:
            if tie.holder in {one.holder for one in ties}:
                spans[tie.extract, tie.holder].append(tie)
        first = {key: min(one.newness for one in those) for key, those in spans.items()}
        began = {key: min(one.start for one in those) for key, those in spans.items()}
        return any(
            extract == other[0] and holder != other[1]
            and first[extract, holder] < first[other] < max(one.newness for one in those)
            and began[other] < max(one.start for one in those)
            for (extract, holder), those in spans.items() for other in spans
        )  # fmt: skip

    ties = _but_for(said, lambda tie: tie.claimed, given_to_several_at_once)
    ties = _but_for(ties, lambda tie: (tie.sender, tie.number), told_as_two_pupils)
    ties = {tie for tie in ties if not tie.is_person or len(present[tie[:2]]) < 2}
    ties = {
        tie for tie in ties
        if not are_two([last(tie.sender, tie.holder), last(tie.sender, tie.number)])
    }  # fmt: skip
    return _but_for(ties, lambda tie: tie.claimed, disputed)


def _but_for(
    ties: set[Tie], by: Callable[[Tie], Hashable], is_cut: Callable[[list[Tie]], bool]
) -> set[Tie]:
    groups: dict[Hashable, list[Tie]] = defaultdict(list)
    for tie in ties:
        groups[by(tie)].append(tie)
    return {tie for those in groups.values() if not is_cut(those) for tie in those}


def part_between_senders(ties: set[Tie], profiles: Profiles) -> dict[tuple[str, str], str]:
    """Other names, by sender, for pupil numbers of which senders tell different children: those
    that agree share one, and those that tell neither birth nor sex stand alone."""
    seen: dict[str, dict[str, list[Told]]] = defaultdict(lambda: defaultdict(list))
    for sender, holder, number in sorted({tie[:3] for tie in ties}):
        if (sender, holder) in profiles:
            seen[number][sender].append(_last(profiles[sender, holder]))
    for (sender, who), told in profiles.items():
        if who.startswith("upn"):
            seen[who][sender].append(_last(told))
    names = {}
    for number, by_sender in seen.items():
        if len(by_sender) == 1 or not are_two(one for told in by_sender.values() for one in told):
            continue
        groups: list[tuple[list[str], list[Told]]] = []
        for sender in sorted(by_sender):
            told = [one for one in by_sender[sender] if one[2:] != (None, None)]
            fitting = [group for group in groups if told and group[1]
                       and not are_two([*group[1], *told])]  # fmt: skip
            if fitting:
                fitting[0][0].append(sender)
                fitting[0][1].extend(told)
            else:
                groups.append(([sender], told))
        for senders, _ in sorted(groups, key=lambda group: -len(group[0]))[1:]:
            names.update({(sender, number): f"{number} at {senders[0]}" for sender in senders})
    return names


def part_contradictions(ties: set[Tie], facts: dict[str, list[Told]]) -> set[Tie]:
    """Of identifiers that are joined though births or sexes contradict each other, only those of
    the same birth and sex stay joined."""
    kept: set[Tie] = set()
    for those in _knots(ties):
        members = {who for tie in those for who in (tie.holder, tie.number)}
        if are_two(one for who in members for one in facts.get(who, ())):
            about = {
                who: {name: {one[i] for one in facts.get(who, ())} - {None}
                      for i, name in ((2, "birth"), (3, "sex"))}
                for who in members
            }  # fmt: skip
            those = [
                tie for tie in those
                if about[tie.holder] == about[tie.number]
                and all(len(values) == 1 for values in about[tie.holder].values())
            ]  # fmt: skip
        kept |= set(those)
    return kept


def part_adoptions(
    found: list[Submission], ties: set[Tie], present: dict[str, date]
) -> Iterable[Tie]:
    """No tie leads from before an adoption to afterwards. Of afterwards is what a return names as
    present whose period began later, but for the number whose care ended."""
    told: dict[tuple[str, date | None], Row] = {}
    for row in sorted(rows_of(found, "care"), key=lambda row: row.by.newness):
        told[row.who or "", row.day] = row
    adopted: dict[str, date] = {}
    for (who, _), row in told.items():
        if row.more in ADOPTED and row.end:
            adopted[who] = max(adopted.get(who, row.end), row.end)
    for those in _knots(ties):
        members = {who for tie in those for who in (tie.holder, tie.number)}
        wall = min((adopted[who] for who in members if who in adopted), default=date.max)
        after = {who for who in members if present[who] > wall and who not in adopted}
        yield from (tie for tie in those if (tie.holder in after) == (tie.number in after))


def _knots(ties: set[Tie]) -> Iterable[list[Tie]]:
    """Ties that hang together."""
    above: dict[str, str] = {}

    def root(who: str) -> str:
        while who in above:
            above[who] = who = above.get(above[who], above[who])
        return who

    for tie in ties:
        one, other = root(tie.holder), root(tie.number)
        if one != other:
            above[one] = other
    groups: dict[str, list[Tie]] = defaultdict(list)
    for tie in ties:
        groups[root(tie.holder)].append(tie)
    return groups.values()


def _newness(one: Tie | Submission) -> int:
    return one.newness


def _told(row: Row) -> Told:
    birth = 12 * row.day.year + row.day.month if row.day else None
    return Told(row.by.newness, row.by.start, birth, row.kind if row.kind in ("M", "F") else None)


def _last(told: list[Told]) -> Told:
    """The newest birth and the newest sex, and the newest start of a period."""
    if len(told) == 1:
        return told[0]
    newness, starts, births, sexes = zip(*told, strict=True)
    birth = max((pair for pair in zip(newness, births, strict=True) if pair[1]), default=(0, None))
    # Of two sexes in one return either will do; "F" comes before "M".
    sex = min(((-one, sex) for one, sex in zip(newness, sexes, strict=True) if sex),
              default=(0, None))  # fmt: skip
    return Told(max(newness), max(starts), birth[1], sex[1])
