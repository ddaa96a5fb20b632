"""What the models share: group and version, the base, rules over fields, references to other objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    JsonValue,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel, to_snake
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from hooks.api.scalars import NonEmpty

GROUP = "toolhive.stacklok.dev"
VERSION, OLDER_VERSION = "v1beta1", "v1alpha1"
API_VERSION, OLDER_API_VERSION = f"{GROUP}/{VERSION}", f"{GROUP}/{OLDER_VERSION}"


class Model(BaseModel):
    """A part of a custom resource: read with `parse`, never changed.

    A field's docstring is its description in the CRD. A string or list that is left out is empty; None only where
    absent and empty differ. Types are strict, as the API server's are: 8080 is no string, and "true" no bool.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",  # the cluster's CRD may be another than ours, and keep what would be left out here
        frozen=True,
        populate_by_name=True,  # for those who build one in Python; `parse` takes JSON's names alone
        strict=True,
        use_attribute_docstrings=True,
    )

    @classmethod
    def parse(cls, data: object) -> Self:
        """Read what a user wrote as the API server reads it.

        Nothing at all is an empty object, and a field that is null counts as absent: the API server drops it or puts
        the default there. Such objects come from files alone, so nulls are looked for only when validation fails.

        Args:
            data: the parsed JSON, with or without the CRD's defaults applied.

        Raises:
            ValidationError: for `spec_errors`.
        """
        data = {} if data is None else data
        try:
            return cls.model_validate(data, by_alias=True, by_name=False)
        except ValidationError as error:
            nulls = {fault["loc"] for fault in error.errors(include_url=False) if fault["input"] is None}
            if not nulls:
                raise
        return cls.model_validate(_without(data, nulls), by_alias=True, by_name=False)


class Rule(NamedTuple):
    """A rule over several fields: what the API server evaluates, and the same for objects that never met it."""

    cel: str
    message: str
    holds: Callable[[Any], bool]


def _add_rules(schema: dict[str, JsonValue], model: type[RuledModel]) -> None:
    schema["x-kubernetes-validations"] = [{"rule": rule.cel, "message": rule.message} for rule in model.rules]


class RuledModel(Model):
    """A model with rules over its fields, in the CRD and in `parse` alike."""

    model_config = ConfigDict(json_schema_extra=_add_rules)
    rules: ClassVar[tuple[Rule, ...]]

    @model_validator(mode="after")
    def _hold_rules(self) -> Self:
        broken = [rule.message for rule in self.rules if not rule.holds(self)]
        if broken:
            raise PydanticCustomError("rule", "{message}", {"message": "; ".join(broken)})
        return self


@dataclass(frozen=True)
class MapList:
    """Marks a list whose items differ in one field (x-kubernetes-list-type: map): no two have the same value there."""

    key: str
    """The field, by its JSON name."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read the list, and refuse a second item with the same key."""
        return core_schema.no_info_after_validator_function(self._unique, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Say in the CRD what the key is."""
        return {**handler(core), "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [self.key]}

    def _unique(self, items: list[Any]) -> list[Any]:
        first: dict[str, int] = {}
        for index, item in enumerate(items):
            before = first.setdefault(getattr(item, to_snake(self.key)), index)
            if before != index:
                message = f"items [{before}] and [{index}] have the same {self.key}: remove one, or rename it"
                raise PydanticCustomError("rule", "{message}", {"message": message})
        return items


def set_exactly_when(block: str) -> Rule:
    """The rule that a block (its JSON name) is set when `type` has its name, and never otherwise."""
    attribute = to_snake(block)
    return Rule(
        f"self.type == '{block}' ? has(self.{block}) : !has(self.{block})",
        f"{block} must be set when type is '{block}', and must not be set otherwise",
        lambda spec: (getattr(spec, attribute) is not None) == (spec.type == block),
    )


def set_when(block: str) -> Rule:
    """The rule that a block (its JSON name) is set when `type` has its name; at other times it is ignored."""
    attribute = to_snake(block)
    return Rule(
        f"self.type != '{block}' || has(self.{block})",
        f"{block} must be set when type is '{block}'",
        lambda spec: spec.type != block or getattr(spec, attribute) is not None,
    )


def not_both(first: str, second: str, remedy: str) -> Rule:
    """The rule that at most one of two fields (their JSON names) is set."""
    one, other = to_snake(first), to_snake(second)
    return Rule(
        f"!(has(self.{first}) && has(self.{second}))",
        f"{first} and {second} are mutually exclusive; {remedy}",
        lambda spec: getattr(spec, one) is None or getattr(spec, other) is None,
    )


class NameRef(Model):
    """The name of another object in the same namespace."""

    name: str
    """Name of the object, in the same namespace."""


class ConfigRef(NameRef):
    """The name of another object in the same namespace, which is not empty."""

    name: NonEmpty
    """Name of the object, in the same namespace."""


class SecretKeyRef(Model):
    """One key of a Secret in the same namespace."""

    name: str
    """Name of the Secret."""
    key: str
    """Key in the Secret."""


class ConfigMapRef(Model):
    """A ConfigMap in the same namespace."""

    name: str
    """Name of the ConfigMap."""


class ConfigMapKeyRef(Model):
    """One key of a ConfigMap in the same namespace."""

    name: str = ""
    """Name of the ConfigMap."""
    key: str = ""
    """Key in the ConfigMap."""
    optional: bool | None = None
    """Whether the ConfigMap or its key may be missing."""


Reference = TypeVar("Reference", SecretKeyRef, ConfigMapKeyRef)


def secret_refs(model: Model) -> Iterator[tuple[str, SecretKeyRef]]:
    """Yield each reference to a key of a Secret that is set anywhere in a spec, with the path of its field."""
    return _of_type(SecretKeyRef, model, "spec")


def config_map_refs(model: Model) -> Iterator[tuple[str, ConfigMapKeyRef]]:
    """Yield each reference to a key of a ConfigMap that is set anywhere in a spec, with the path of its field."""
    return _of_type(ConfigMapKeyRef, model, "spec")


def _of_type(wanted: type[Reference], value: object, path: str) -> Iterator[tuple[str, Reference]]:
    """Yield the models of a type in a value, those in lists, maps and other models too, with their paths."""
    if isinstance(value, wanted):
        yield path, value
    elif isinstance(value, Model):
        for field, info in type(value).model_fields.items():
            yield from _of_type(wanted, getattr(value, field), f"{path}.{info.alias}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _of_type(wanted, item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _of_type(wanted, item, f"{path}[{key!r}]")


class EnvVar(Model):
    """An environment variable with a plain value."""

    name: str
    """Name of the environment variable."""
    value: str
    """Value of the environment variable; it may be empty."""


def _without(value: object, nulls: set[tuple[int | str, ...]], at: tuple[int | str, ...] = ()) -> object:
    """A copy of a JSON value less those fields of objects; an item of a list stays: the API server refuses it too."""
    if isinstance(value, dict):
        return {key: _without(inner, nulls, (*at, key)) for key, inner in value.items() if (*at, key) not in nulls}
    if isinstance(value, list):
        return [_without(inner, nulls, (*at, index)) for index, inner in enumerate(value)]
    return value
