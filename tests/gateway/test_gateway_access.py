"""Who may do what: every route and every socket, without a token, with a wrong one, and with another group's."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse

from tests.gateway.conftest import World

pytestmark = pytest.mark.integration

OPEN = {"/healthz", "/health", "/readyz", "/", "/docs", "/docs/start.js", "/openapi.json"}
SIGN_IN = ("post", "/api/session")
SIGN_OUT = ("delete", "/api/session")
FOREIGN_BODIES: dict[tuple[str, str], Any] = {
    ("patch", "/api/groups/{group_id}"): {"name": "x"},
    ("post", "/api/groups/{group_id}/members"): {"email": "a@example.org"},
    ("patch", "/api/groups/{group_id}/members/{user_id}"): {"role": "ADMIN"},
    ("post", "/api/groups/{group_id}/webhooks"): {"url": "https://example.org/hook"},
    ("patch", "/api/meetings/{meeting_id}"): {"title": "x"},
    ("patch", "/api/meetings/{meeting_id}/segments/{segment_id}"): {"text": "x"},
    ("patch", "/api/meetings/{meeting_id}/speakers/{speaker_id}"): {"name": "x"},
    ("put", "/api/meetings/{meeting_id}/minutes"): {"markdown": "x"},
    ("post", "/api/meetings/{meeting_id}/tickets"): {"title": "x"},
    ("patch", "/api/meetings/{meeting_id}/tickets/{ticket_id}"): {"title": "x"},
    ("patch", "/api/tickets/{ticket_id}"): {"title": "x"},
    ("post", "/api/tickets/{ticket_id}/comments"): {"text": "x"},
}
FOREIGN_FILES: dict[tuple[str, str], Any] = {
    ("post", "/api/meetings/{meeting_id}/recordings"): {"file": ("talk.wav", b"RIFF")},
}
OWN_THINGS = {"{token_id}", "{notification_id}"}
"""Ids of things that belong to a person and not to a group."""


def operations(client: TestClient) -> list[tuple[str, str]]:
    """Every method and path of the API, from its own description."""
    paths = client.get("/openapi.json").json()["paths"]
    return [(method, path) for path, methods in paths.items() for method in methods]


def filled(path: str, world: World, ticket_id: int, suggestion_id: int = 1) -> str:
    """A path with the owner's ids in it."""
    ids = {
        "group_id": world.owner.group_id,
        "meeting_id": world.owner.meeting_id,
        "ticket_id": ticket_id,
        "suggestion_id": suggestion_id,
        "user_id": world.member.user_id,
        "name": "keywords",  # a chart that groups and meetings have
    }
    for name, value in ids.items():
        path = path.replace(f"{{{name}}}", str(value))
    for name in ("segment_id", "speaker_id", "webhook_id", "token_id", "notification_id", "session_id"):
        path = path.replace(f"{{{name}}}", "1")
    return path


def make_ticket(world: World) -> int:
    body = {"groupId": world.owner.group_id, "title": "Fix the login page"}
    answer = world.client.post("/api/tickets", json=body, headers=world.owner.headers)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["ticketId"])


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}])
def test_every_route_wants_a_token(world: World, headers: dict[str, str]) -> None:
    closed = [one for one in operations(world.client) if one[1] not in OPEN and one not in (SIGN_IN, SIGN_OUT)]
    assert len(closed) > 40
    for method, path in closed:
        answer = world.client.request(method, filled(path, world, 1), headers=headers, json={})
        assert answer.status_code == 401, (method, path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == "Bearer"


def test_the_demo_recording_wants_a_token_too(world: World) -> None:
    assert world.client.get("/demo/meeting-en.flac").status_code == 401
    assert world.client.get("/demo/meeting-en.flac", headers=world.owner.headers).status_code == 200


def test_another_groups_things_are_not_there(world: World) -> None:
    ticket_id = make_ticket(world)
    seen = 0
    for method, path in operations(world.client):
        if "{" not in path or any(name in path for name in OWN_THINGS) or path.startswith("/api/insights"):
            continue
        body = FOREIGN_BODIES.get((method, path))
        params = {"format": "srt"} if path.endswith("/export") else {}
        url = filled(path, world, ticket_id)
        files = FOREIGN_FILES.get((method, path))
        answer = world.client.request(
            method, url, headers=world.stranger.headers, json=body, files=files, params=params
        )
        assert answer.status_code == 404, (method, path, answer.text)
        assert answer.json()["code"] == "not_found"
        seen += 1
    assert seen > 25


@pytest.mark.parametrize(
    "path", ["/api/meetings", "/api/tickets", "/api/suggestions", "/api/notifications", "/api/search?q=word"]
)
def test_lists_of_another_group_are_not_there(world: World, path: str) -> None:
    params = {"groupId": world.owner.group_id}
    answer = world.client.get(path, params={**params, "q": "word"}, headers=world.stranger.headers)
    assert answer.status_code == 404


def test_a_list_without_a_group_holds_the_callers_own_things(world: World) -> None:
    make_ticket(world)
    assert world.client.get("/api/tickets", headers=world.stranger.headers).json() == []
    meetings = world.client.get("/api/meetings", headers=world.stranger.headers).json()
    assert [one["meetingId"] for one in meetings] == [world.stranger.meeting_id]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "/api/groups/{group_id}/members", {"email": "new@example.org"}),
        ("patch", "/api/groups/{group_id}/members/{user_id}", {"role": "ADMIN"}),
        ("patch", "/api/groups/{group_id}", {"name": "Mine now"}),
        ("get", "/api/groups/{group_id}/webhooks", None),
        ("post", "/api/groups/{group_id}/webhooks", {"url": "https://example.org/hook"}),
    ],
)
def test_a_member_is_told_that_this_needs_an_admin(world: World, method: str, path: str, body: Any) -> None:
    answer = world.client.request(method, filled(path, world, 1), headers=world.member.headers, json=body)
    assert answer.status_code == 403
    assert answer.json()["code"] == "forbidden"


def sockets(world: World) -> list[str]:
    return [f"/ws/meetings/{world.owner.meeting_id}/audio", f"/ws/groups/{world.owner.group_id}/events"]


def refused(world: World, path: str, **options: Any) -> WebSocketDenialResponse:
    with pytest.raises(WebSocketDenialResponse) as refusal, world.client.websocket_connect(path, **options):
        pass
    return refusal.value


@pytest.mark.parametrize("which", [0, 1])
def test_sockets_answer_401_401_404(world: World, which: int) -> None:
    path = sockets(world)[which]
    assert refused(world, path).status_code == 401
    assert refused(world, path, headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert refused(world, path, subprotocols=["bearer", "wrong"]).status_code == 401
    foreign = refused(world, path, headers=world.stranger.headers)
    assert foreign.status_code == 404
    assert foreign.json()["code"] == "not_found"


@pytest.mark.parametrize("path", ["/ws/meetings/x/audio", "/ws/meetings/99999/audio", "/ws/groups/-1/events"])
def test_sockets_of_things_that_are_not_there_answer_404(world: World, path: str) -> None:
    assert refused(world, path, headers=world.owner.headers).status_code == 404


def test_the_foreign_sockets_want_a_token(world: World) -> None:
    for path in ("/v1/realtime?intent=transcription", "/v1/listen"):
        assert refused(world, path).status_code == 401
        assert refused(world, path, headers={"Authorization": "Token wrong"}).status_code == 401


def test_a_socket_takes_the_token_as_a_sub_protocol(world: World) -> None:
    path = sockets(world)[1]
    with world.client.websocket_connect(path, subprotocols=["bearer", world.owner.token]) as socket:
        assert socket.accepted_subprotocol == "bearer"
        assert socket.receive_json()["type"] == "hello"


def test_the_cookie_signs_in_and_out(world: World) -> None:
    client = world.client
    assert client.post("/api/session", json={"token": "wrong"}).status_code == 401
    signed_in = client.post("/api/session", json={"token": f" {world.owner.token} "})
    cookie = signed_in.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert world.owner.token not in signed_in.text
    session = client.get("/api/session").json()
    assert session["name"] == world.owner.name
    assert [group["role"] for group in session["groups"]] == ["ADMIN"]
    assert client.delete("/api/session").status_code == 204
    assert client.get("/api/session").status_code == 401


def test_a_cookie_counts_only_from_the_pages_own_origin(world: World) -> None:
    client = world.client
    client.post("/api/session", json={"token": world.owner.token})
    body = {"groupId": world.owner.group_id, "title": "x"}
    foreign, own = {"Origin": "https://evil.example"}, {"Origin": "http://testserver"}
    assert client.post("/api/meetings", json=body, headers=foreign).status_code == 403
    assert client.post("/api/meetings", json=body, headers=own).status_code == 201
    path = sockets(world)[1]
    assert refused(world, path, headers=foreign).status_code == 403
    assert refused(world, path).status_code == 403
    with client.websocket_connect(path, headers=own) as socket:
        assert socket.receive_json()["type"] == "hello"


def test_a_revoked_token_ends_at_once(world: World) -> None:
    client, headers = world.client, world.owner.headers
    made = client.post("/api/tokens", json={"name": "laptop"}, headers=headers).json()
    mine = {"Authorization": f"Bearer {made['token']}"}
    assert client.get("/api/users/me", headers=mine).status_code == 200
    listed = client.get("/api/tokens", headers=headers).json()
    assert {"first token", "laptop"} == {token["name"] for token in listed}
    assert all("token" not in token for token in listed)
    assert client.delete(f"/api/tokens/{made['tokenId']}", headers=world.stranger.headers).status_code == 404
    assert client.delete(f"/api/tokens/{made['tokenId']}", headers=mine).status_code == 204
    assert client.get("/api/users/me", headers=mine).status_code == 401


def test_only_hashes_of_tokens_are_kept(world: World) -> None:
    with world.database.unit_of_work(None) as uow:
        rows = uow.users.list_tokens(world.owner.user_id)
    assert all(world.owner.token not in (row.token_hash, row.name) for row in rows)
