"""Template filters for the table of sentences."""

import re

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.filter
def mark(text: str, word: str) -> SafeString:
    """The text, escaped, with each occurrence of `word`, in any case, inside <mark>."""
    parts = re.split(f"({re.escape(word)})", text, flags=re.IGNORECASE)
    marked = (f"<mark>{escape(part)}</mark>" if i % 2 else escape(part) for i, part in enumerate(parts))
    return mark_safe("".join(marked))
