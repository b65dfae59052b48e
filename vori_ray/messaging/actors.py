"""Finding and starting VORI's named Ray actors. Knows nothing of what they do."""

from __future__ import annotations

from typing import Any

import ray

NAMESPACE = "vori"


def start_actor(actor_class: Any, name: str, *args: Any, **options: Any) -> Any:
    """The actor of that name, started if it is not there; Ray starts it again whenever it dies.

    `args` are the constructor's, also at every later start; an actor that runs already keeps its own.
    """
    lasting = {"lifetime": "detached", "max_restarts": -1, "max_task_retries": -1, "num_cpus": 0}
    return actor_class.options(name=name, namespace=NAMESPACE, get_if_exists=True, **(lasting | options)).remote(*args)


def find_actor(name: str) -> Any | None:
    """The actor of that name, or None."""
    try:
        return ray.get_actor(name, namespace=NAMESPACE)
    except ValueError:
        return None
