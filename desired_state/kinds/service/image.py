"""The image of a service."""

from typing import Annotated

from pydantic import model_validator

from desired_state.kinds.fields import Strict, Text, refuse
from desired_state.located import quote

Tag = Annotated[str, Text(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", "an image tag", 128)]


class Image(Strict):
    """The image that Git deploys. Without it the pipeline deploys, and the daemon keeps the image that runs."""

    tag: Tag

    @model_validator(mode="before")
    @classmethod
    def _more_than_a_name(cls, image: object) -> object:
        if isinstance(image, str):
            tag = image.rpartition("/")[2].partition(":")[2] or "the tag"
            message = f"{quote(image)} is not a mapping: a service runs the image of its own repository"
            raise refuse(f"{message}, so write {{tag: {quote(tag)}}}")
        return image
