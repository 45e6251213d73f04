"""{% is_demo %}: whether this is the demo organisation."""

from __future__ import annotations

from django import template

from evaluation.actions import beginning

register = template.Library()
register.simple_tag(beginning.is_demo, name="is_demo")
