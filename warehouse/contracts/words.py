"""A contract in plain words: what a column holds, how a value is written, a value as an example."""

from sightline.warehouse.contracts.schema import Code, Column, Contract, date_formats

MOST_CODES = 30


def expected(column: Column) -> str:
    """What a value of the column must be, in words that a sender can act on."""
    needed = "" if column.required else "; may be left empty"
    return f"{kind_of(column)}{needed}"


def kind_of(column: Column) -> str:
    match column.type:
        case "id":
            return f"your own identifier of the {column.kind}, at most 64 characters"
        case "upn":
            return "a unique pupil number (UPN): 13 characters, the first a check letter"
        case "date":
            return f"a date written as {date_formats()[column.format].words}"
        case "month":
            form = date_formats()[column.format].words
            return f"a date written as {form}; only its month and year are kept"
        case "code":
            return f"one of the codes {listed(column)}"
        case "codes":
            return f'a JSON list of codes, such as ["1A", "2B"], out of {listed(column)}'
        case "boolean":
            return " or ".join(column.same_as) or "Y or N"
        case "integer":
            return f"a whole number{_bounds(column)}"
        case "number":
            return f"a number, such as 12 or 12.5{_bounds(column)}"
        case _:
            return f"text in the form of {column.example}" if column.example else "text"


def example(column: Column) -> str:
    """A value that is right and is nobody's."""
    if column.example:
        return column.example
    match column.type:
        case "id":
            return f"{str(column.kind)[0].upper()}100001"
        case "upn":
            return "A801200001001"
        case "date" | "month":
            return date_formats()[column.format].words.partition("such as ")[2]
        case "code":
            return next(iter(column.codes))
        case "codes":
            return '["1A", "2B"]'
        case "boolean":
            return next(iter(column.same_as), "Y")
        case "integer" | "number":
            return f"{column.minimum or 1:g}"
        case _:
            return ""


def listed(column: Column) -> str:
    """The first codes of a list, those that may be written for another one among them."""
    codes = [*column.codes, *column.same_as]
    return f"{', '.join(codes[:MOST_CODES])}{' and others' if len(codes) > MOST_CODES else ''}"


def years(code: Code | Column) -> str:
    """The years, named by their end, in which a thing is part of a return; empty for all."""
    first, last = code.first_year, code.last_year
    if first and last:
        return f"{first} to {last}"
    return f"from {first}" if first else f"to {last}" if last else ""


def _bounds(column: Column) -> str:
    least, most = column.minimum, column.maximum
    if least is not None and most is not None:
        return f" from {least:g} to {most:g}"
    if least is not None:
        return f", {least:g} or more"
    return "" if most is None else f", at most {most:g}"


def due(contract: Contract) -> str:
    """When a return is owed."""
    if contract.due is None:
        return "whenever it is published"
    owed = contract.due
    after = "it ends" if owed.counted_from == "end" else "it starts"
    period = "financial year (to 31 March)" if owed.every == "year" else owed.every
    return f"every {period}, within {owed.days} days after {after}"


def kept(column: Column) -> str:
    """What the monitor keeps of a value."""
    if column.raw is None:
        return "read to check it, not kept"
    match column.type:
        case "id" | "upn":
            return "only as a pseudonym"
        case "month":
            return "month and year only"
        case _:
            return "as it is"
