"""The settings of a monitor: what sightline.toml says, what the environment says instead of it."""

import codecs
import difflib
import hashlib
import json
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Literal, get_args, get_origin
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails

from sightline.warehouse import clock
from sightline.warehouse.areas import authorities
from sightline.warehouse.errors import ConfigurationError
from sightline.warehouse.home import STATE_VARIABLE, Home

PREFIX = "SIGHTLINE_"
HOME_VARIABLE = "SIGHTLINE_HOME"
# The test suite's own: not settings, and no mistakes of a person's.
TESTING = "SIGHTLINE_TEST_"
ENCODINGS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
EVERY_MORNING = "15 6 * * *"


KEY = re.compile(r"\s*([\w.\"'-]+)\s*=")
TABLE = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]")
# What a release depends on; the rest is about where and how a run does its work, and who is told.
TOLD_IN_RELEASES = {"authorities", "disclosure"}

# As the database engine reads it.
SIZE = r"^\d+(\.\d+)?\s?(MB|GB|MiB|GiB)$"
UNITS = {"MB": 10**6, "GB": 10**9, "MiB": 2**20, "GiB": 2**30}


class Strict(BaseModel):
    """Takes no key that it does not know, and no value of another type than the key's."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Retention(Strict):
    """Months from the day of receipt; an original is kept at least as long as what it was refused.

    Seven years cover the five of the trends, the year before them and the one that is running.
    """

    originals_months: int = Field(default=84, ge=1)
    refused_months: int = Field(default=12, ge=1)
    logs_months: int = Field(default=12, ge=1)
    messages_months: int = Field(default=24, ge=1)
    runs_months: int = Field(default=24, ge=1)


class Disclosure(Strict):
    """The smallest count of our own that is published; it may be raised. The Department for
    Education withholds counts of 1 to 5 of children in need, so none below 6 is ever shown."""

    smallest_shown: int = Field(default=8, ge=6)


class Publish(Strict):
    """The licence that whoever publishes gives to figures of our own, by its short name; none where
    empty. Official series keep the Open Government Licence of their publishers."""

    licence: str = Field(default="", pattern=r"^[A-Za-z0-9.+-]*$")


class Backtest(Strict):
    """Indicators that a run back-tests before it publishes, once the last test of one is so many
    days old."""

    indicators: list[str] = Field(default_factory=list)
    days: int = Field(default=365, ge=1)
    replicates: int = Field(default=4, ge=1)


class Health(Strict):
    """From when on `sightline health` calls: days since the last good run, hours that a message
    may wait, minutes that a file may lie in the inbox and that a run may wait to begin."""

    max_age_days: int = Field(default=2, ge=1)
    message_hours: int = Field(default=1, ge=1)
    inbox_minutes: int = Field(default=120, ge=1)
    queue_minutes: int = Field(default=15, ge=1)


class StateStore(Strict):
    """Where the state is kept: without a URL a file of the monitor's, with one a PostgreSQL
    database. What is secret does not stand in a URL, but where PostgreSQL's programs look for it.
    """

    url: str | None = None

    @field_validator("url")
    @classmethod
    def _without_secrets(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value)
            asked = parse_qs(parts.query)
            has_secret = parts.password is not None or "password" in asked
        except ValueError:
            raise ValueError("is no URL") from None
        if parts.scheme != "postgresql" or not parts.path.strip("/"):
            raise ValueError("must be like postgresql://sightline@db.example.gov.uk/sightline")
        if has_secret:
            raise ValueError(
                "holds a password, which does not belong here: give it by the environment"
                " (PGPASSWORD) or by a password file (PGPASSFILE, or ?passfile=... in the URL)"
            )
        return value


class Spark(Strict):
    """Where Spark is and what it is told; the folder is one that its workers see too, for rows on
    their way to it and back."""

    master: str = Field(default="local[*]", pattern=r"^(local\[.+\]|spark://\S+|yarn|k8s://\S+)$")
    folder: str | None = Field(default=None, pattern=r"^/")
    conf: dict[str, str] = Field(default_factory=dict)


class Settings(Strict):
    name: str = Field(default="Sightline", min_length=1)
    today: date | None = Field(default=None, strict=False)
    authorities: list[str] | Literal["all"] | None = None
    delivery: list[dict[str, Any]] = Field(default_factory=lambda: [{"kind": "files"}])
    route: list[dict[str, Any]] = Field(default_factory=list)
    report_url: str | None = Field(default=None, pattern=r"^https?://[^\s?#]+$")
    memory_limit: str | None = Field(default=None, pattern=SIZE)
    threads: int | None = Field(default=None, ge=1)
    engine: Literal["duckdb", "spark"] = "duckdb"
    spark: Spark = Field(default_factory=Spark)
    least_free: str = Field(default="1GB", pattern=SIZE)
    keep_releases: int = Field(default=6, ge=1)
    log_level: Literal["info", "warning", "error"] = "warning"
    retention: Retention = Field(default_factory=Retention)
    disclosure: Disclosure = Field(default_factory=Disclosure)
    publish: Publish = Field(default_factory=Publish)
    schedule: str = EVERY_MORNING
    dagster: dict[str, Any] = Field(default_factory=dict)
    health: Health = Field(default_factory=Health)
    state: StateStore = Field(default_factory=StateStore)
    backtest: Backtest = Field(default_factory=Backtest)

    @field_validator("authorities", mode="before")
    @classmethod
    def _that_exist(cls, value: Any) -> Any:
        if value is None or value == "all":
            return value
        if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
            raise ValueError('must be "all" or a list of three-digit codes in quotes')
        if not value:
            raise ValueError("names no authority; without the line, those that have ever sent")
        if unknown := sorted(set(value) - set(authorities())):
            raise ValueError(
                f"{', '.join(unknown)}: no authority has such a code; they stand in"
                " dbt_project/seeds/areas.csv"
            )
        return value

    @field_validator("delivery", "route", mode="before")
    @classmethod
    def _in_blocks(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, dict):
            raise ValueError(f"each is a block under [[{info.field_name}]], in double brackets")
        return value


def load_settings(home: Home, environment: Mapping[str, str] | None = None) -> Settings:
    """What holds for this monitor: the file, and above it the variables SIGHTLINE_<KEY>.

    Raises ConfigurationError, one sentence with the file or variable and the key.
    """
    text = text_of(home)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise ConfigurationError(f"{home.config} is not valid TOML: {_told(fault, text)}") from None
    over = _overrides(os.environ if environment is None else environment)
    _check(Settings, values, lambda path: _in_file(home, text, path))
    for path, (_, value) in over.items():
        _put(values, path, value)
    return _check(Settings, values, lambda path: _in_environment(over, path))


def state_url(home: Home, environment: Mapping[str, str] | None = None) -> str | None:
    """The database that keeps the state, also where another setting is wrong; none for a file.

    Raises ConfigurationError where it cannot be told.
    """
    given = os.environ if environment is None else environment
    names = {name.upper(): name for name in given}
    variable = names.get(STATE_VARIABLE)
    if variable and given[variable]:
        return _check(
            Settings,
            {"state": {"url": given[variable]}},
            lambda _: f"the environment variable {variable}",
        ).state.url
    if not home.config.is_file():
        return None
    text = text_of(home)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        # No file is written to where a server may have been meant.
        return load_settings(home, {}).state.url
    chosen = {"state": values["state"]} if "state" in values else {}
    return _check(Settings, chosen, lambda path: _in_file(home, text, path)).state.url


def bytes_of(size: str) -> int:
    """What a size in the settings comes to, such as 1.5GB."""
    number = re.match(r"[\d.]+", size)
    return int(float(number[0]) * UNITS[size[number.end() :].strip()]) if number else 0


def today(settings: Settings) -> date:
    return settings.today or clock.day()


def fingerprint(settings: Settings) -> str:
    """The settings that a release depends on, as a hash; others may change without a new one."""
    chosen = settings.model_dump(mode="json", include=TOLD_IN_RELEASES)
    return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()


def said(fault: ValidationError, model: type[BaseModel]) -> str:
    """The first thing that is wrong, in words: the key, and what is known where it is not."""
    first = fault.errors()[0]
    return ": ".join(filter(None, [_named(first["loc"]), _words(first, model)]))


def nearest(name: str, known: Iterable[str]) -> str:
    """The known names, and which of them may have been meant."""
    known = sorted(known)
    meant = difflib.get_close_matches(name, known, n=1)
    return (f"did you mean {meant[0]}? " if meant else "") + f"known are {', '.join(known)}"


def _check(model: type[Settings], values: Mapping[str, Any], where: Any) -> Settings:
    try:
        return model.model_validate(values)
    except ValidationError as fault:
        place = where(fault.errors()[0]["loc"])
        raise ConfigurationError(f"{place}: {said(fault, model)}") from None


def text_of(home: Home) -> str:
    """Editors mark their encoding or do not; a file without a mark is UTF-8."""
    try:
        content = home.config.read_bytes()
    except FileNotFoundError:
        raise ConfigurationError(f"{home.config} does not exist") from None
    except OSError as fault:
        raise ConfigurationError(f"{home.config} cannot be read: {fault.strerror}") from None
    encoding = next((name for mark, name in ENCODINGS if content.startswith(mark)), "utf-8")
    try:
        # With a last line end, whatever is wrong is told with its line.
        return content.decode(encoding).replace("\r\n", "\n") + "\n"
    except UnicodeDecodeError:
        raise ConfigurationError(
            f"{home.config} is not written in UTF-8; save it again with that encoding"
        ) from None


def _told(fault: tomllib.TOMLDecodeError, text: str) -> str:
    """What TOML says, and the key of the line that it means; never what stands behind the key."""
    place = re.search(r"at line (\d+)", str(fault))
    key = KEY.match(text.split("\n")[int(place[1]) - 1]) if place else None
    return f"{key[1]}: {fault}" if key else str(fault)


def _in_file(home: Home, text: str, path: tuple[int | str, ...]) -> str:
    line = _line(text, path)
    return f"{home.config}, line {line}" if line else str(home.config)


def _line(text: str, path: tuple[int | str, ...]) -> int | None:
    """Where a key is set, or its table begins; none where nothing of it stands in the file."""
    names = [str(part) for part in path if isinstance(part, str)]
    block = next((part for part in path if isinstance(part, int)), 0)
    *tables, key = names or [""]
    table, seen, found = "", -1, None
    for number, line in enumerate(text.splitlines(), 1):
        if header := TABLE.match(line):
            table = header[2]
            seen += header[1] == "[[" and table == names[0]
            if table in (".".join(names), ".".join(tables)) and seen in (-1, block):
                found = found or number
        begins = re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", line)
        if begins and table == ".".join(tables) and seen in (-1, block):
            return number
    return found


def _overrides(
    environment: Mapping[str, str],
) -> dict[tuple[str, ...], tuple[str, Any]]:
    """By the path of its setting, each variable that overrides one, and its value."""
    found: dict[tuple[str, ...], tuple[str, Any]] = {}
    for variable in sorted(environment):
        name = variable.upper()
        if name.startswith(PREFIX) and name != HOME_VARIABLE and not name.startswith(TESTING):
            path = tuple(name.removeprefix(PREFIX).lower().split("__"))
            kind = _kind(variable, path)
            if environment[variable]:  # an empty one counts as not set
                found[path] = (variable, _value(environment[variable], kind))
    return found


def _kind(variable: str, path: tuple[str, ...]) -> Any:
    """The type of the setting at a path; raises ConfigurationError where there is none."""
    model: Any = Settings
    for part in path:
        if get_origin(model) is dict:
            return Any
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            raise ConfigurationError(
                f"the environment variable {variable} is no setting: nothing is nested there"
            )
        if part not in model.model_fields:
            raise ConfigurationError(
                f"the environment variable {variable} is no setting:"
                f" {nearest(part, model.model_fields)}"
            )
        model = model.model_fields[part].annotation
    return model


def _value(text: str, kind: Any) -> Any:
    """As TOML would write it; else the text itself, or its parts between commas for a list."""
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    takes = (kind, *get_args(kind))
    if any(get_origin(one) is list or one is list for one in takes):
        if isinstance(value, (list, dict)) or value in ("all", ""):
            return value
        return [part.strip() for part in text.split(",")]
    if str in takes and not isinstance(value, str):
        return text
    return value


def _put(values: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for part in path[:-1]:
        values = values.setdefault(part, {})
    values[path[-1]] = value


def _in_environment(
    over: Mapping[tuple[str, ...], tuple[str, Any]], path: tuple[int | str, ...]
) -> str:
    """The variable that is wrong: the one whose setting the fault is in."""
    for known, (variable, _) in over.items():
        if path[: len(known)] == known:
            return f"the environment variable {variable}"
    return "the environment"


def _named(path: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in path if not str(part).startswith(("list[", "literal[")))


def _words(fault: ErrorDetails, model: type[BaseModel]) -> str:
    if fault["type"] == "extra_forbidden":
        *path, name = fault["loc"]
        return f"there is no such setting: {nearest(str(name), _fields(model, path))}"
    return fault["msg"].removeprefix("Value error, ")


def _fields(model: Any, path: Iterable[int | str]) -> Iterable[str]:
    for part in path:
        model = model.model_fields[str(part)].annotation
    return list(model.model_fields)
