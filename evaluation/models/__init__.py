from evaluation.models.cycle import Cycle, CycleMember, CycleTemplate
from evaluation.models.dashboard import Dashboard, HomeDashboard
from evaluation.models.evidence import FrozenLine, FrozenRecord, Signature, SignedReport
from evaluation.models.goal import Commitment, Goal, GoalTerms, GoalVersion, TargetKind
from evaluation.models.health import Band, HealthScore, HealthSnapshot
from evaluation.models.kpi import KpiVersion
from evaluation.models.measurement import MeasuredFact, MeasuredMember, Measurement
from evaluation.models.plan import ActionPlan, EffectMeasurement, PlanStep
from evaluation.models.review import Dispute, Review, ReviewComment

__all__ = [
    "ActionPlan",
    "Band",
    "Commitment",
    "Cycle",
    "CycleMember",
    "CycleTemplate",
    "Dashboard",
    "Dispute",
    "EffectMeasurement",
    "FrozenLine",
    "FrozenRecord",
    "Goal",
    "GoalTerms",
    "GoalVersion",
    "HealthScore",
    "HealthSnapshot",
    "HomeDashboard",
    "KpiVersion",
    "MeasuredFact",
    "MeasuredMember",
    "Measurement",
    "PlanStep",
    "Review",
    "ReviewComment",
    "Signature",
    "SignedReport",
    "TargetKind",
]
