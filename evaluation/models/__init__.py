from evaluation.models.goal import Commitment, Goal, GoalTerms, GoalVersion, TargetKind
from evaluation.models.health import Band, HealthScore, HealthSnapshot
from evaluation.models.kpi import KpiVersion
from evaluation.models.measurement import MeasuredFact, Measurement

__all__ = [
    "Band",
    "Commitment",
    "Goal",
    "GoalTerms",
    "GoalVersion",
    "HealthScore",
    "HealthSnapshot",
    "KpiVersion",
    "MeasuredFact",
    "Measurement",
    "TargetKind",
]
