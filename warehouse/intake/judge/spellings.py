"""Read a code however its sender writes it: by the words of the contract's folder, never guessed.

A text is compared in small letters with single blanks and nothing else. It means what its words
mean. A letter of the sender's own list, as in "q) Police", says nothing. A code before the words,
as in "3D: Health services", counts where both mean the same group: another list numbers otherwise.
"""

from collections.abc import Iterable

from sightline.warehouse.contracts.schema import Column

CODE = "^(10|[1-9][a-f]?)( |$)"


def spelled(column: Column, raw: str) -> str:
    """SQL for the code that a text means, or null."""
    whole = f"trim(regexp_replace(lower({raw}), '[^a-z0-9]+', ' ', 'g'))"
    bare = f"regexp_replace({whole}, '^[a-z] ', '')"
    words = f"regexp_replace({bare}, '{CODE}', '')"
    code = f"upper(regexp_extract({bare}, '{CODE}', 1))"
    meant = _meant(column, words)
    is_sure = f"({words} = '' or {_group(meant)} = {_group(code)})"
    return (
        f"case when {_meant(column, whole)} is not null then {_meant(column, whole)}"
        f" when {code} = '' then {meant}"
        f" when {code} in ({_listed(column.codes)}) and {is_sure} then {code} end"
    )


def _meant(column: Column, folded: str) -> str:
    words, codes = _listed(column.spellings), _listed(column.spellings.values())
    return f"map([{words}], [{codes}])[{folded}]"


def _listed(plain: Iterable[str]) -> str:
    """Contracts only load with words and codes that hold no quote."""
    return ", ".join(f"'{one}'" for one in plain)


def _group(code: str) -> str:
    """3 of 3D: the kind of source, whatever its part."""
    return f"regexp_extract({code}, '^[0-9]+')"
