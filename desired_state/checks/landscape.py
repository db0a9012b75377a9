"""The environments of a commit: whether this daemon serves them, and the Platform of each.

A broken file may or may not hold a Platform. While it is unclear which Platform an environment has, its services keep
their last good desired state.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from typing import Final

from desired_state.checks.conflicts import ManifestFinding
from desired_state.checks.survey import Candidate, Survey
from desired_state.instance import Key
from desired_state.located import quote
from desired_state.reading.suggestion import Spelling

_ON_PLATFORMS: Final = frozenset({"Service", "Job"})  # the kinds that run on the Platform of their environment
_NEVER_PLATFORMS: Final = frozenset({"Service", "Job", "Module"})


@dataclass(frozen=True, slots=True)
class Landscape:
    """The environments of a commit. If `configured` is None, this daemon serves every environment.

    `hidden`: the environments whose Platform a broken file may hold; None when that may be any."""

    found: Survey
    configured: Set[str] | None
    platforms: dict[str, frozenset[Key]]
    hidden: frozenset[str] | None = frozenset()

    @classmethod
    def from_survey(
        cls, found: Survey, configured: Set[str] | None, is_refused: Callable[[Candidate], bool]
    ) -> "Landscape":
        """Find the Platform of every environment; a broken one counts if there is no valid one, a refused one last."""
        valid: dict[str, set[Key]] = defaultdict(set)
        broken: dict[str, set[Key]] = defaultdict(set)
        refused: dict[str, set[Key]] = defaultdict(set)
        for one in found.candidates:
            if one.manifest.kind == "Platform":
                (refused if is_refused(one) else valid)[one.key.environment].add(one.key)
        for claim in found.claims:
            for environment in claim.environments or () if claim.kind == "Platform" else ():
                broken[environment].add(Key(environment, claim.name))
        platforms = {name: frozenset(keys) for name, keys in {**refused, **broken, **valid}.items()}
        return cls(found, configured, platforms, _hidden(found))

    def platform(self, environment: str) -> Key | None:
        """Return the environment's Platform if it has exactly one, else None."""
        keys = self.platforms.get(environment, frozenset())
        return next(iter(keys)) if len(keys) == 1 else None

    def is_configured(self, one: Candidate) -> bool:
        """Return whether this daemon serves the candidate's environment."""
        return self.configured is None or one.key.environment in self.configured

    def is_served_elsewhere(self, one: Candidate) -> bool:
        """Return whether another daemon serves the candidate's environment: it has a Platform, or may have one."""
        environment = one.key.environment
        return not self.is_configured(one) and (environment in self.platforms or self._may_hide_platform(environment))

    def has_unclear_platform(self, one: Candidate) -> bool:
        """Return whether the candidate's Platform is unclear: there are several, or a broken file may hold it."""
        if one.manifest.kind == "Platform":
            return False
        count = len(self.platforms.get(one.key.environment, ()))
        hidden = one.manifest.kind in _ON_PLATFORMS and count == 0 and self._may_hide_platform(one.key.environment)
        return count > 1 or hidden

    def findings(self, spelling: Spelling) -> Iterator[ManifestFinding]:
        """Yield findings for unknown environments, and for services in environments without a Platform."""
        known = (self.configured or frozenset()) | self.platforms.keys()
        for one in self.found.candidates:
            environment = one.key.environment
            place = ("environments", one.manifest.spec.environments.index(environment))
            if not self.is_configured(one) and not self.is_served_elsewhere(one):
                others = (name for name in known if name not in one.manifest.spec.environments)
                advice = spelling.suggest(environment, others, none="remove it")
                message = f"there is no environment {quote(environment)}: {advice}"
                yield ManifestFinding(one.key, one.problem(place, message))
            elif self._lacks_platform(one):
                message = f"{environment} has no Platform: a {one.manifest.kind.lower()} needs one to run in"
                yield ManifestFinding(one.key, one.problem(place, message))

    def _lacks_platform(self, one: Candidate) -> bool:
        environment = one.key.environment
        needed = self.configured is not None and self.is_configured(one) and one.manifest.kind in _ON_PLATFORMS
        return needed and environment not in self.platforms and not self._may_hide_platform(environment)

    def _may_hide_platform(self, environment: str) -> bool:
        return self.hidden is None or environment in self.hidden


def _hidden(found: Survey) -> frozenset[str] | None:
    claims = [claim.environments for claim in found.claims if claim.kind not in _NEVER_PLATFORMS]
    if found.unreadable or None in claims:
        return None
    return frozenset().union(*(environments or () for environments in claims))
