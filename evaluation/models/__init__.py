from evaluation.models.kpi import KpiVersion
from evaluation.models.measurement import MeasuredFact, Measurement

__all__ = ["KpiVersion", "MeasuredFact", "Measurement"]
