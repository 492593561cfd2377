"""The JSON Schema of lineside.toml, made from the dataclasses that its tables become."""

import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Literal

from lineside.jobs.projects.declared import Matrix, ModelSpec, PipelineSpec, Project, Retry
from lineside.store.states import Cause

Schema = dict[str, Any]

_SCALAR: Schema = {"type": ["string", "number", "boolean"]}
_SPAN: Schema = {
    "anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*(ms|s|m|h|d)\s*$"}]
}
_SIZE: Schema = {
    "anyOf": [{"type": "integer"}, {"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*([KMGT]i?)?B?\s*$"}]
}
_GATES = ("metric", "direction", "min_holdout", "max_holdout", "beats_champion", "margin")


def schema() -> Schema:
    """What an editor needs to complete and check lineside.toml."""
    tables = {"project": _object({"name": {"type": "string"}})}
    hints = typing.get_type_hints(Project)
    for field in fields(Project):
        if typing.get_origin(hints[field.name]) is Mapping:
            _, kind = typing.get_args(hints[field.name])
            tables[_table_of(field.name)] = {"type": "object", "additionalProperties": _of(kind)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "lineside.toml",
        **_object(tables),
    }


def _table_of(plural: str) -> str:
    """`pipelines` are written [pipeline.NAME]; `data` has no plural."""
    return plural.removesuffix("s")


def _of(kind: type) -> Schema:
    """One table by its dataclass; three are not written as their fields are."""
    if kind is PipelineSpec:
        params = {"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": _SCALAR}]}
        hints = typing.get_type_hints(PipelineSpec)
        stage = typing.get_args(hints["stages"])[0]
        inner = {"params": params, "stage": {"type": "object", "additionalProperties": _of(stage)}}
        return {**_object(inner), "required": ["stage"]}
    if kind is Matrix:
        exclude = {"type": "array", "items": {"type": "object", "additionalProperties": _SCALAR}}
        axis = {"type": "array", "items": _SCALAR, "minItems": 1}
        return {"type": "object", "properties": {"exclude": exclude}, "additionalProperties": axis}
    made = _object(_properties(kind))
    if kind is ModelSpec:
        made["properties"]["gates"] = _object({k: v for k, v in made["properties"].items() if k in _GATES})
    if kind is Retry:
        made["properties"]["on"]["items"] = {"enum": [*(cause.value for cause in Cause), "oom"]}
    needed = [f.name for f in fields(kind) if f.name != "name" and _required(f)]
    return {**made, "required": needed} if needed else made


def _properties(kind: type) -> Schema:
    hints = typing.get_type_hints(kind)
    found: Schema = {}
    for field in fields(kind):
        if field.name == "name":
            continue
        if field.name.endswith("_s"):
            found |= {field.name: _SPAN, field.name[:-2]: _SPAN}
        elif field.name.endswith("_bytes"):
            found |= {field.name: _SIZE, field.name[:-6]: _SIZE}
        else:
            found[field.name] = _value(hints[field.name])
    return found


def _value(hint: Any) -> Schema:
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        kinds = [_value(each) for each in typing.get_args(hint) if each is not type(None)]
        return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    if typing.get_origin(hint) is Literal:
        return {"enum": list(typing.get_args(hint))}
    if typing.get_origin(hint) is tuple:
        return {"type": "array", "items": _value(typing.get_args(hint)[0])}
    if typing.get_origin(hint) is Mapping:
        return {"type": "object"}
    if is_dataclass(hint):
        return _of(typing.cast(type, hint))
    names = {str: "string", bool: "boolean", int: "integer", float: "number"}
    return {"type": names[hint]}


def _required(field: Any) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _object(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False}
