from surveys.models.invitation import Invitation
from surveys.models.response import Answer, Response
from surveys.models.survey import Question, Survey

__all__ = ["Answer", "Invitation", "Question", "Response", "Survey"]
