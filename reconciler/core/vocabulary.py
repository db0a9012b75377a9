"""The words of a status: sync, health, condition types and the closed list of reasons (design, section 2)."""

from enum import StrEnum


class Sync(StrEnum):
    """The place of a difference: nowhere, in Git (`Pending`), in AWS (`Drifted`), or both."""

    IN_SYNC = "InSync"
    PENDING = "Pending"
    DRIFTED = "Drifted"
    PENDING_AND_DRIFTED = "PendingAndDrifted"
    UNKNOWN = "Unknown"


class Health(StrEnum):
    """The state of what runs: for a service the state of its rollout in ECS, for anything else Healthy once applied."""

    HEALTHY = "Healthy"
    PROGRESSING = "Progressing"
    DEGRADED = "Degraded"
    UNKNOWN = "Unknown"


class ConditionType(StrEnum):
    """`Ready` sums up and `Planned` reports the last plan; the other three exist only while they are true."""

    READY = "Ready"
    PLANNED = "Planned"
    DRIFTED = "Drifted"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"


class Reason(StrEnum):
    """The closed list of reasons; design section 2."""

    APPLIED = "Applied"
    IN_SYNC = "InSync"
    OBSERVED = "Observed"
    PROGRESSING = "Progressing"
    SUSPENDED = "Suspended"
    FROZEN = "Frozen"
    OUTSIDE_WINDOW = "OutsideWindow"
    ROLLOUT_HELD = "RolloutHeld"
    DEPENDENCY_NOT_READY = "DependencyNotReady"
    AWAITING_APPROVAL = "AwaitingApproval"
    REJECTED = "Rejected"
    AWAITING_FIRST_IMAGE = "AwaitingFirstImage"
    PRUNE_CONFIRMATION_NEEDED = "PruneConfirmationNeeded"
    PRUNE_GUARD = "PruneGuard"
    PLAN_FAILED = "PlanFailed"
    APPLY_FAILED = "ApplyFailed"
    INIT_FAILED = "InitFailed"
    STATE_LOCKED = "StateLocked"
    LOCK_ORPHANED = "LockOrphaned"
    STATE_CONFLICT = "StateConflict"
    STATE_LOST = "StateLost"
    POLICY_DENIED = "PolicyDenied"
    TENANT_DENIED = "TenantDenied"
    ADOPTION_REFUSED = "AdoptionRefused"
    INVALID_MANIFEST = "InvalidManifest"
    INVALID_CONFIGURATION = "InvalidConfiguration"
    RETRIES_EXHAUSTED = "RetriesExhausted"
    INTERRUPTED = "Interrupted"
    RECOVERING = "Recovering"
    OUT_OF_BAND_CHANGE = "OutOfBandChange"
    MISSING_RESOURCE = "MissingResource"
    UNMANAGED_ADDITION = "UnmanagedAddition"
    DRIFT_FIGHT = "DriftFight"
    NEVER_SETTLES = "NeverSettles"
    ROLLOUT_FAILED = "RolloutFailed"
    ROLLED_BACK = "RolledBack"
    ROLLOUT_TIMEOUT = "RolloutTimeout"
