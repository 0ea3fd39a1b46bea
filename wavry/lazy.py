"""Names of a package that are loaded when somebody asks for them: each end of wavry pays for what it needs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def on_demand(namespace: dict[str, Any], modules: dict[str, str]) -> Callable[[str], Any]:
    """Return a package's `__getattr__` (PEP 562).

    Args:
        namespace: The package's `globals()`, where what was loaded stays.
        modules: By name, which of its modules has it.
    """
    package: str = namespace["__name__"]

    def load(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        namespace[name] = value = getattr(import_module(f"{package}.{modules[name]}"), name)
        return value

    return load
