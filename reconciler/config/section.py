"""What every section of the configuration has in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of the configuration: fixed once read, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)
