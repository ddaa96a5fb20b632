"""External auth of type awsSts: calls of a remote MCP server on AWS are signed with credentials of a role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from hooks.api.external_auth.base import ExternalAuth
from hooks.api.meta import Model
from hooks.api.scalars import Count, NonEmpty

RoleArn = Annotated[str, Field(pattern=r"^arn:(aws|aws-cn|aws-us-gov):iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@\-/]+$")]


class RoleMapping(Model):
    """An IAM role, and the callers who get it by the claims of their token."""

    claim: NonEmpty = ""
    """Value that the claim roleClaim must have; exactly one of claim and matcher must be set."""
    matcher: NonEmpty = ""
    """CEL expression over the token's claims that must be true; exactly one of claim and matcher must be set."""
    role_arn: RoleArn
    """ARN of the role."""
    priority: Count | None = None
    """Order of the mappings: the lowest number that matches wins; one without a number comes last."""


class AwsSts(ExternalAuth):
    """AWS STS AssumeRoleWithWebIdentity, and requests signed by AWS Signature Version 4."""

    region: Annotated[str, Field(min_length=1, pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]+$")]
    """AWS region, such as "eu-central-1"."""
    service: str = "aws-mcp"
    """Name of the AWS service that requests are signed for."""
    fallback_role_arn: RoleArn = ""
    """ARN of the role for callers that no mapping matches; they are refused when left out."""
    role_mappings: list[RoleMapping] = Field(default_factory=list)
    """Roles by the claims of callers' tokens."""
    role_claim: str = "groups"
    """Claim of the caller's token in which the values of the mappings are looked for."""
    session_duration: Annotated[int, Field(ge=900, le=43200, json_schema_extra={"format": "int32"})] = 3600
    """How long credentials are good for, in seconds."""
    session_name_claim: str = "sub"
    """Claim of the caller's token that names the session in AWS's logs."""
    subject_provider_name: str = ""
    """Accepted for compatibility, and without effect on a single server or proxy."""

    def faults(self) -> Iterator[tuple[str, str]]:
        """Yield reason and message of each value that the schema admits and no proxy would."""
        if not self.fallback_role_arn and not self.role_mappings:
            yield "RoleMissing", "spec.awsSts must have fallbackRoleArn or roleMappings, or both"
        for index, mapping in enumerate(self.role_mappings):
            if (mapping.claim == "") == (mapping.matcher == ""):
                message = f"spec.awsSts.roleMappings[{index}] must have exactly one of claim and matcher"
                yield "RoleMappingInvalid", message
