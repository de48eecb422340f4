# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``functools.cached_property`` without ``functools``, whose import costs more than most tools' work."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from functools import cached_property as lazy
else:

    class lazy:  # noqa: N801 - used like a function
        """A property that is computed once, when it is asked for."""

        def __init__(self, function):
            self._function = function

        def __get__(self, instance, _owner):
            """Compute and keep the value: the instance's own attribute hides this property afterwards."""
            value = instance.__dict__[self._function.__name__] = self._function(instance)
            return value


__all__ = ["lazy"]
