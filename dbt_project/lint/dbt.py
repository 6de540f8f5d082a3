"""What the SQL linter writes for dbt's cross-database macros; dbt itself never reads this."""


def date_trunc(part: str, column: str) -> str:
    return f"date_trunc('{part}', {column})"


def dateadd(part: str, count: int, column: str) -> str:
    return f"date_add({column}, interval {count} {part})"


def datediff(first: str, second: str, part: str) -> str:
    return f"date_diff('{part}', {first}, {second})"


def type_string() -> str:
    return "varchar"
