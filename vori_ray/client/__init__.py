"""The public SDK: `VoriClient` speaks HTTP and streams sound so that nothing is lost and nothing comes twice.

    with VoriClient("http://127.0.0.1:8321", token) as client:
        meeting_id = client.create_meeting(client.groups()[0]["groupId"], "Planning")["meetingId"]

        async def listen() -> None:
            async for message in client.stream_file(meeting_id, "planning.flac"):
                if message["type"] == "final":
                    print(message["text"])

        asyncio.run(listen())
        client.end_meeting(meeting_id)
        client.wait_until_extracted(meeting_id)
        print(client.minutes(meeting_id)["markdown"])

Of this package it imports only the error tree and the names of topics.
"""

from __future__ import annotations

from vori_ray.client.api import VoriClient
from vori_ray.client.stream import AudioStream

__all__ = ["AudioStream", "VoriClient"]
