from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.web.forms import RecordForm
from crm.web.lists import BulkForm
from customers.models import Segment


class SegmentForm(RecordForm):
    """What a segment is called and how its members are found; the question has a form of its own: the list's."""

    class Meta:
        model = Segment
        fields = ["name", "how", "description"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["how"].disabled = True


class SegmentChoiceForm(BulkForm):
    """To which of one's own segments of chosen members."""

    segment = forms.ModelChoiceField(Segment.objects.none(), label=_("Segment"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        segments: Any = self.fields["segment"]
        segments.queryset = Segment.objects.editable_by(self.user).static()
