"""What the models share: group and version, the base, rules over fields, references, conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator
from pydantic.alias_generators import to_camel, to_snake
from pydantic_core import PydanticCustomError

from hooks.kubernetes.names import CONDITION_REASON

GROUP = "toolhive.stacklok.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

# Kubernetes' own pattern, less what it lets through and no pod can have: a minus sign, and exponents that its parser
# refuses (1e1.5). Empty is allowed: an empty quantity counts as one that isn't set.
QUANTITY = r"^(\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,3})?)?$"
HTTP_URL = r"^https?://\S+$"

Quantity = Annotated[str, Field(pattern=QUANTITY)]
HttpUrl = Annotated[str, Field(pattern=HTTP_URL)]
Port = Annotated[int, Field(ge=1, le=65535, json_schema_extra={"format": "int32"})]
Int64 = Annotated[int, Field(json_schema_extra={"format": "int64"})]


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


def set_exactly_when(field: str, kind: str) -> Rule:
    """The rule that a block (its JSON name) is set when `type` is `kind`, and never otherwise."""
    attribute = to_snake(field)
    return Rule(
        f"has(self.{field}) == (self.type == '{kind}')",
        f"{field} must be set exactly when type is '{kind}'",
        lambda spec: (getattr(spec, attribute) is not None) == (spec.type == kind),
    )


def set_when(field: str, kind: str) -> Rule:
    """The rule that a block (its JSON name) is set when `type` is `kind`; at other times it is ignored."""
    attribute = to_snake(field)
    return Rule(
        f"self.type != '{kind}' || has(self.{field})",
        f"{field} must be set when type is '{kind}'",
        lambda spec: spec.type != kind or getattr(spec, attribute) is not None,
    )


class NameRef(Model):
    """The name of another object in the same namespace."""

    name: str
    """Name of the object, in the same namespace."""


class SecretKeyRef(Model):
    """One key of a Secret in the same namespace."""

    name: str
    """Name of the Secret."""
    key: str
    """Key in the Secret whose value is meant."""


def secret_refs(model: Model, path: str = "spec") -> Iterator[tuple[str, SecretKeyRef]]:
    """Yield each reference to a key of a Secret that is set anywhere in a model, with the path of its field."""
    for field, info in type(model).model_fields.items():
        value, where = getattr(model, field), f"{path}.{info.alias}"
        if isinstance(value, SecretKeyRef):
            yield where, value
        elif isinstance(value, Model):
            yield from secret_refs(value, where)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, Model):
                    yield from secret_refs(item, f"{where}[{index}]")


class ConfigMapRef(Model):
    """A ConfigMap in the same namespace."""

    name: str
    """Name of the ConfigMap."""


class EnvVar(Model):
    """An environment variable with a plain value."""

    name: str
    """Name of the environment variable."""
    value: str
    """Value of the environment variable; it may be empty."""


class StoredCondition(Model):
    """One observation about the object, as metav1.Condition."""

    type: Annotated[
        str,
        Field(
            max_length=316,
            pattern=r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
            r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
        ),
    ]
    """What is observed, in CamelCase."""
    status: Literal["True", "False", "Unknown"]
    """Whether it is so."""
    reason: Annotated[str, Field(min_length=1, max_length=1024, pattern=f"^{CONDITION_REASON.pattern}$")]
    """Why the status is what it is, in one CamelCase word for programs."""
    message: Annotated[str, Field(max_length=32768)]
    """Why the status is what it is, for people; it may be empty."""
    last_transition_time: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    """When the status last changed."""
    observed_generation: Annotated[Int64, Field(ge=0)] | None = None
    """The metadata.generation that this was observed for."""


Conditions = Annotated[
    list[StoredCondition],
    Field(json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}),
]


def _without(value: object, nulls: set[tuple[int | str, ...]], at: tuple[int | str, ...] = ()) -> object:
    """A copy of a JSON value less those fields of objects; an item of a list stays: the API server refuses it too."""
    if isinstance(value, dict):
        return {key: _without(inner, nulls, (*at, key)) for key, inner in value.items() if (*at, key) not in nulls}
    if isinstance(value, list):
        return [_without(inner, nulls, (*at, index)) for index, inner in enumerate(value)]
    return value
