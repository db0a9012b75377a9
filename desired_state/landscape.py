"""Which environments are ours, and which Platform each of them has.

The rule: what a broken file might hold is neither taken for granted nor taken for missing. Where it is
unclear which Platform an environment has, its services are held at their last good state.
"""

from collections import defaultdict
from collections.abc import Iterator, Set
from dataclasses import dataclass

from desired_state.checks import ManifestFinding
from desired_state.explain import suggest
from desired_state.instance import Key
from desired_state.located import quote
from desired_state.survey import Candidate, Survey


@dataclass(frozen=True, slots=True)
class Landscape:
    """The environments of a commit. Without `configured` every environment is ours."""

    found: Survey
    configured: Set[str] | None
    platforms: dict[str, frozenset[Key]]

    @classmethod
    def draw(cls, found: Survey, configured: Set[str] | None) -> "Landscape":
        """Find the Platforms; a broken one counts where there is no good one."""
        valid: dict[str, set[Key]] = defaultdict(set)
        broken: dict[str, set[Key]] = defaultdict(set)
        for one in found.candidates:
            if one.manifest.kind == "Platform":
                valid[one.key.environment].add(one.key)
        for claim in found.claims:
            for environment in claim.environments or () if claim.kind == "Platform" else ():
                broken[environment].add(Key(environment, claim.name))
        return cls(found, configured, {name: frozenset(keys) for name, keys in {**broken, **valid}.items()})

    def platform(self, environment: str) -> Key | None:
        """The environment's Platform, if it has exactly one."""
        keys = self.platforms.get(environment, frozenset())
        return next(iter(keys)) if len(keys) == 1 else None

    def is_ours(self, one: Candidate) -> bool:
        """Is this an instance for us to look after?"""
        return self.configured is None or one.key.environment in self.configured

    def is_elsewhere(self, one: Candidate) -> bool:
        """Does this belong to an environment that somebody else looks after?"""
        environment = one.key.environment
        return not self.is_ours(one) and (environment in self.platforms or self._may_hide_platform(environment))

    def waits(self, one: Candidate) -> bool:
        """Is it unclear for now which Platform this belongs to?"""
        if one.manifest.kind == "Platform":
            return False
        count = len(self.platforms.get(one.key.environment, ()))
        hidden = one.manifest.kind == "Service" and count == 0 and self._may_hide_platform(one.key.environment)
        return count > 1 or hidden

    def findings(self) -> Iterator[ManifestFinding]:
        """Environments that nobody knows, and services with no Platform to run in."""
        known = (self.configured or frozenset()) | self.platforms.keys()
        for one in self.found.candidates:
            environment = one.key.environment
            place = ("environments", one.manifest.spec.environments.index(environment))
            if not self.is_ours(one) and not self.is_elsewhere(one):
                message = f"there is no environment {quote(environment)}: {suggest(environment, known)}"
                yield ManifestFinding(one.key, one.problem(place, message))
            elif self._lacks_platform(one):
                message = f"{environment} has no Platform: a service needs one to run in"
                yield ManifestFinding(one.key, one.problem(place, message))

    def _lacks_platform(self, one: Candidate) -> bool:
        environment = one.key.environment
        needed = self.configured is not None and self.is_ours(one) and one.manifest.kind == "Service"
        return needed and environment not in self.platforms and not self._may_hide_platform(environment)

    def _may_hide_platform(self, environment: str) -> bool:
        return bool(self.found.unreadable) or any(
            claim.kind not in {"Service", "Module"}
            and (claim.environments is None or environment in claim.environments)
            for claim in self.found.claims
        )
