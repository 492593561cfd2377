"""Files with parameters: TOML, JSON or YAML, whose nested tables become dotted names."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lineside.jobs.projects.declared import Value
from lineside.store.errors import BadConfig


def read(path: Path) -> dict[str, Value]:
    """Every value of the file by its dotted name; a list becomes its JSON text.

    Raises:
        BadConfig: no such file, a kind nobody reads, or not a table of values.
    """
    try:
        text = path.read_text()
    except OSError as error:
        raise BadConfig(
            f"cannot read the params file {path}: {error.strerror}", hint='write params = "params.toml"'
        ) from error
    return dict(flat(_parsed(path, text), str(path)))


def flat(table: Mapping[str, Any], where: str, prefix: str = "") -> Iterator[tuple[str, Value]]:
    """Dotted names and values of a nested table."""
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from flat(value, where, f"{name}.")
        elif isinstance(value, list):
            yield name, json.dumps(value)
        elif isinstance(value, (str, int, float, bool)):
            yield name, value
        elif value is not None:
            yield name, str(value)  # a date, of TOML or YAML


def yaml_of(text: str, where: str) -> Any:
    """What YAML text means.

    Raises:
        BadConfig: not YAML, or no PyYAML to read it with.
    """
    try:
        import yaml
    except ModuleNotFoundError as error:
        raise BadConfig(
            f"{where} is YAML, and PyYAML is not installed", hint="pip install 'lineside[import]'"
        ) from error
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}:" if mark else ""
        problem = getattr(error, "problem", None) or "not YAML"
        raise BadConfig(f"{where}:{line} {problem}", hint="see https://yaml.org for the syntax") from error


def _parsed(path: Path, text: str) -> Mapping[str, Any]:
    try:
        match path.suffix:
            case ".toml":
                found: Any = tomllib.loads(text)
            case ".json":
                found = json.loads(text)
            case ".yaml" | ".yml":
                found = yaml_of(text, str(path))
            case kind:
                raise BadConfig(f"{path}: no params file ends in {kind!r}", hint="TOML, JSON or YAML")
    except ValueError as error:
        raise BadConfig(f"{path}: {error}", hint="a table of values, nested or not") from error
    if not isinstance(found, Mapping):
        raise BadConfig(f"{path} is no table of values", hint="name = value")
    return found
