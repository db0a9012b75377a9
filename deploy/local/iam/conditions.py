"""Conditions: the operators of the element `Condition`, with keys that are present and keys that are absent.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from deploy.local.iam import comparisons
from deploy.local.iam.patterns import resolve
from deploy.local.iam.request import Request, Values

Compare = Callable[[str, str], bool]
_POSITIVE: dict[str, Compare] = {
    "StringEquals": comparisons.same,
    "StringEqualsIgnoreCase": comparisons.same_but_for_case,
    "StringLike": comparisons.like,
    "NumericEquals": comparisons.number_equal,
    "NumericLessThan": comparisons.number_less,
    "NumericLessThanEquals": comparisons.number_at_most,
    "NumericGreaterThan": comparisons.number_greater,
    "NumericGreaterThanEquals": comparisons.number_at_least,
    "DateEquals": comparisons.date_equal,
    "DateLessThan": comparisons.date_less,
    "DateLessThanEquals": comparisons.date_at_most,
    "DateGreaterThan": comparisons.date_greater,
    "DateGreaterThanEquals": comparisons.date_at_least,
    "Bool": comparisons.same_but_for_case,
    "BinaryEquals": comparisons.same,
    "IpAddress": comparisons.within,
    "ArnEquals": comparisons.arn,
    "ArnLike": comparisons.arn,
}
_NEGATED: dict[str, str] = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
_WITH_VARIABLES = ("String", "Arn", "Bool")
_FOR_ALL, _FOR_ANY = "ForAllValues", "ForAnyValue"


class UnknownOperator(Exception):
    """A policy has a condition operator that AWS does not document."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key, with the values of the policy, of which one has to match."""

    operator: str
    key: str
    values: Values

    def __post_init__(self) -> None:
        if self._name not in (*_POSITIVE, *_NEGATED, "Null") or self._set not in ("", _FOR_ALL, _FOR_ANY):
            raise UnknownOperator(self.operator)

    def holds(self, request: Request, with_variables: bool) -> bool:
        """Say whether the request meets the condition. Raises `Unresolved` for a variable without a value."""
        present = request.values(self.key)
        if self._name == "Null":
            return any((value.lower() == "true") == (not present) for value in self.values)
        wanted = self.values
        if with_variables and self._name.removeprefix("Not").startswith(_WITH_VARIABLES):
            wanted = tuple(resolve(value, request.values) for value in self.values)
        if self._set:
            return self._of_set(tuple(value for value in present or () if value), wanted)
        if present is None:
            return self.operator.endswith("IfExists") or self._name in _NEGATED
        return self._test(present, wanted)

    def _of_set(self, present: Values, wanted: Values) -> bool:
        # `IfExists` changes nothing here: without a value "for all" is true and "for any" is false.
        quantified = all if self._set == _FOR_ALL else any
        return quantified(self._test((value,), wanted) for value in present)

    def _test(self, present: Values, wanted: Values) -> bool:
        compare = _POSITIVE[_NEGATED.get(self._name, self._name)]
        matches = any(compare(pattern, value) for value in present for pattern in wanted)
        return matches is not (self._name in _NEGATED)

    @property
    def _name(self) -> str:
        return self.operator.rpartition(":")[2].removesuffix("IfExists")

    @property
    def _set(self) -> str:
        return self.operator.rpartition(":")[0]
