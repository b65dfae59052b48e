"""What `ray start` leaves out on one machine. Runs inside `ray start`, called through RAY_START_HOOK.

Measured at rest: the Ray Client server and six of the dashboard's nine subprocesses take 180 MB, and nothing of
VORI calls them. `serve deploy` needs ServeHead, `ray job submit` needs JobHead, which asks NodeHead for the head node.
Written for the pinned Ray; knows nothing of VORI.
"""

from __future__ import annotations

from typing import Any

from ray._private import services

_DASHBOARD_MODULES = "JobHead,NodeHead,ServeHead"


def trim(ray_params: Any, is_head: bool) -> None:
    """Change the parameters of the node that is about to start."""
    if not is_head:
        return
    ray_params.ray_client_server_port = None
    start_ray_process = services.start_ray_process

    def start(command: list[str], process_type: str, *args: Any, **kwargs: Any) -> Any:
        if process_type == "dashboard":
            command = [*command, f"--modules-to-load={_DASHBOARD_MODULES}"]
        return start_ray_process(command, process_type, *args, **kwargs)

    services.start_ray_process = start
