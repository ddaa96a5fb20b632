"""Texts and numbers of a certain form, as the models' fields have them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, JsonValue

# Kubernetes' own pattern, less what it lets through and no pod can have: a minus sign, and exponents that its parser
# refuses (1e1.5). Empty is allowed: an empty quantity counts as one that isn't set.
QUANTITY = r"^(\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,3})?)?$"
HTTP_URL = r"^https?://\S+$"
BASE_URL = r"^https?://[^\s?#]+[^/\s?#]$"
DURATION = r"^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$"

Quantity = Annotated[str, Field(pattern=QUANTITY)]
HttpUrl = Annotated[str, Field(pattern=HTTP_URL)]
BaseUrl = Annotated[str, Field(pattern=BASE_URL)]
Duration = Annotated[str, Field(pattern=DURATION)]
ProviderName = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")]
NonEmpty = Annotated[str, Field(min_length=1)]
Port = Annotated[int, Field(ge=1, le=65535, json_schema_extra={"format": "int32"})]
Int32 = Annotated[int, Field(ge=-(1 << 31), le=(1 << 31) - 1, json_schema_extra={"format": "int32"})]
Count = Annotated[int, Field(ge=0, le=(1 << 31) - 1, json_schema_extra={"format": "int32"})]
Positive = Annotated[int, Field(ge=1, le=(1 << 31) - 1, json_schema_extra={"format": "int32"})]
Int64 = Annotated[int, Field(json_schema_extra={"format": "int64"})]


def _without_default(schema: dict[str, JsonValue]) -> None:
    schema.pop("default", None)


Flag = Annotated[bool, Field(json_schema_extra=_without_default)]
"""A bool that is false when left out, and that the API server leaves out: upstream's CRD has no default for it."""
