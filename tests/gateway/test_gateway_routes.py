"""The API by use: each thing is made, read, changed and ended over HTTP, as a page or a script does it."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from starlette.websockets import WebSocketDisconnect

from tests.gateway.conftest import Person, World

pytestmark = pytest.mark.integration


def call(world: World, method: str, path: str, body: Any = None, *, by: Person | None = None, **options: Any) -> Any:
    """Make a request that must succeed; returns the document."""
    headers = (by or world.owner).headers | options.pop("headers", {})
    answer = world.client.request(method, path, json=body, headers=headers, **options)
    assert answer.is_success, (answer.status_code, answer.text)
    return answer.json() if answer.content and "json" in answer.headers["content-type"] else answer


def problem(world: World, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, str]:
    """Make a request that must fail; returns (status, code)."""
    headers = world.owner.headers | options.pop("headers", {})
    answer = world.client.request(method, path, json=body, headers=headers, **options)
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    document = answer.json()
    assert set(document) == {"type", "title", "status", "detail", "code", "error"}
    assert document["error"]["message"] == document["detail"]
    assert document["status"] == answer.status_code
    return answer.status_code, document["code"]


def test_a_group_its_members_and_their_roles(world: World) -> None:
    group = call(world, "POST", "/api/groups", {"name": " Platform ", "timeZone": "Asia/Seoul", "language": "ko"})
    assert (group["name"], group["role"], group["timeZone"]) == ("Platform", "ADMIN", "Asia/Seoul")
    path = f"/api/groups/{group['groupId']}"
    invited = call(world, "POST", f"{path}/members", {"email": "New@Example.org"})
    assert (invited["email"], invited["role"], invited["isPending"]) == ("new@example.org", "MEMBER", True)
    assert problem(world, "POST", f"{path}/members", {"email": "new@example.org"}) == (409, "conflict")
    assert problem(world, "POST", f"{path}/members", {"email": "nobody"}) == (422, "bad_input")
    promoted = call(world, "PATCH", f"{path}/members/{invited['userId']}", {"role": "ADMIN"})
    assert promoted["role"] == "ADMIN"
    call(world, "DELETE", f"{path}/members/{world.owner.user_id}")
    assert problem(world, "GET", f"{path}/members") == (404, "not_found")


def test_the_last_admin_stays(world: World) -> None:
    path = f"/api/groups/{world.owner.group_id}/members/{world.owner.user_id}"
    assert problem(world, "PATCH", path, {"role": "MEMBER"}) == (409, "conflict")
    assert problem(world, "DELETE", path) == (409, "conflict")


def test_a_member_may_edit_the_vocabulary_and_nothing_else(world: World) -> None:
    path = f"/api/groups/{world.owner.group_id}"
    changed = call(world, "PATCH", path, {"vocabulary": ["Kubernetes", "지라"]}, by=world.member)
    assert changed["vocabulary"] == ["Kubernetes", "지라"]
    assert world.client.patch(path, json={"name": "x"}, headers=world.member.headers).status_code == 403


@pytest.mark.parametrize("body", [{"timeZone": "Mars/Base"}, {"language": "xx"}, {"name": ""}, {"colour": "red"}])
def test_a_group_takes_no_nonsense(world: World, body: dict[str, Any]) -> None:
    assert problem(world, "PATCH", f"/api/groups/{world.owner.group_id}", body) == (422, "bad_input")


def test_sync_takes_the_identity_from_the_token_and_not_from_the_body(world: World) -> None:
    synced = call(world, "POST", "/api/users/sync", {"name": "Kim"})
    assert (synced["userId"], synced["name"]) == (world.owner.user_id, "Kim")
    assert problem(world, "POST", "/api/users/sync", {"email": "stranger@example.org"}) == (422, "bad_input")
    me = call(world, "GET", "/api/users/me")
    assert (me["name"], [group["groupId"] for group in me["groups"]]) == ("Kim", [world.owner.group_id])


def test_a_meeting_from_its_beginning_to_its_minutes(world: World) -> None:
    body = {"groupId": world.owner.group_id, "title": "Sprint planning", "language": "en"}
    answer = world.client.post("/api/meetings", json=body, headers=world.owner.headers)
    assert answer.status_code == 201
    meeting = answer.json()
    assert (meeting["title"], meeting["state"], meeting["extractionState"]) == ("Sprint planning", "LIVE", "NONE")
    path = f"/api/meetings/{meeting['meetingId']}"
    assert problem(world, "GET", f"{path}/minutes") == (404, "not_found")
    speak(world, meeting["meetingId"], seconds=2)
    ended = call(world, "POST", f"{path}/end")
    again = call(world, "POST", f"{path}/end")
    assert ended["extractionState"] == "DONE"
    assert (again["message"], again["tickets"]) == (ended["message"], ended["tickets"])
    assert world.keeper.told == [meeting["meetingId"]]
    transcript = call(world, "GET", f"{path}/transcript")
    assert [segment["text"] for segment in transcript["segments"]] == ["word0", "word1"]
    assert transcript["speakers"] == [world.owner.name]
    listed = call(world, "GET", "/api/meetings", params={"groupId": world.owner.group_id, "state": "ENDED"})
    assert [one["meetingId"] for one in listed] == [meeting["meetingId"]]
    minutes = call(world, "GET", f"{path}/minutes")
    assert minutes["version"] == 1
    edited = call(world, "PUT", f"{path}/minutes", {"markdown": "# Mine", "version": 1})
    assert (edited["version"], edited["author"]) == (2, world.owner.name)
    assert problem(world, "PUT", f"{path}/minutes", {"markdown": "# Late", "version": 1}) == (409, "conflict")
    assert [one["version"] for one in call(world, "GET", f"{path}/minutes/versions")] == [2, 1]
    assert call(world, "GET", f"{path}/minutes", params={"version": 1})["markdown"] == minutes["markdown"]
    assert "Sprint planning" in call(world, "GET", f"{path}/minutes/preview", params={"template": "standup"}).text


def speak(world: World, meeting_id: int, *, seconds: int) -> None:
    with world.client.websocket_connect(f"/ws/meetings/{meeting_id}/audio", headers=world.owner.headers) as socket:
        socket.send_json({"type": "start"})
        socket.send_bytes(bytes(32_000 * seconds))
        socket.send_json({"type": "stop"})
        while socket.receive_json()["type"] != "stopped":
            pass
        with pytest.raises(WebSocketDisconnect):  # by then the session is over for the server too
            socket.receive_json()


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"title": "x"}, "groupId"),
        ({"groupId": "x", "title": "x"}, "'x'"),
        ({"groupId": 1, "title": ""}, "title"),
        ({"groupId": 1, "title": "x", "language": "xx"}, "'xx'"),
        ([], "body"),
    ],
)
def test_a_bad_meeting_says_what_was_expected_and_what_came(world: World, body: Any, detail: str) -> None:
    answer = world.client.post("/api/meetings", json=body, headers=world.owner.headers)
    assert answer.status_code == 422
    assert detail in answer.json()["detail"]


@pytest.mark.parametrize(("kind", "start"), [("srt", "1\n"), ("vtt", "WEBVTT"), ("csv", "id,"), ("md", "#")])
def test_a_transcript_as_a_file(world: World, kind: str, start: str) -> None:
    speak(world, world.owner.meeting_id, seconds=1)
    path = f"/api/meetings/{world.owner.meeting_id}"
    for answer in (
        call(world, "GET", f"{path}/transcript", params={"format": kind}),
        call(world, "GET", f"{path}/export", params={"format": kind}),
    ):
        assert answer.text.startswith(start)
        assert "attachment" in answer.headers["content-disposition"]
    assert problem(world, "GET", f"{path}/transcript", params={"format": "exe"}) == (422, "bad_input")


def test_a_segment_is_corrected_and_found(world: World) -> None:
    speak(world, world.owner.meeting_id, seconds=1)
    path = f"/api/meetings/{world.owner.meeting_id}"
    (segment,) = call(world, "GET", f"{path}/transcript")["segments"]
    corrected = call(world, "PATCH", f"{path}/segments/{segment['segment_id']}", {"text": "결제 gateway"})
    assert corrected["text"] == "결제 gateway"
    hits = call(world, "GET", "/api/search", params={"q": "결제"})
    assert [(hit["kind"], hit["segmentId"], hit["text"]) for hit in hits] == [
        ("segment", segment["segment_id"], "결제 gateway")
    ]


def test_a_ticket_and_all_that_can_be_done_to_it(world: World) -> None:
    body = {"groupId": world.owner.group_id, "title": "Fix the login page", "priority": "HIGH", "labels": ["web"]}
    ticket = call(world, "POST", "/api/tickets", body)
    assert (ticket["status"], ticket["version"], ticket["priority"]) == ("TODO", 1, "high")
    path = f"/api/tickets/{ticket['ticketId']}"
    moved = call(world, "PATCH", path, {"status": "IN_PROGRESS", "reason": "begun"}, headers={"If-Match": '"1"'})
    assert (moved["status"], moved["version"]) == ("IN_PROGRESS", 2)
    assert problem(world, "PATCH", path, {"title": "Late"}, headers={"If-Match": '"1"'}) == (409, "conflict")
    assert problem(world, "PATCH", path, {"title": "Late", "version": 1}) == (409, "conflict")
    assert problem(world, "PATCH", path, {"title": "x"}, headers={"If-Match": "abc"}) == (422, "bad_input")
    assigned = call(world, "PATCH", path, {"assigneeId": world.member.user_id, "dueDate": "2031-05-01"})
    assert (assigned["assignee"], assigned["dueDate"]) == (world.member.name, "2031-05-01")
    kept = call(world, "PATCH", path, {"content": "now with details"})
    assert kept["assigneeId"] == world.member.user_id
    call(world, "POST", f"{path}/comments", {"text": "On it"}, by=world.member)
    assert [one["text"] for one in call(world, "GET", f"{path}/comments")] == ["On it"]
    history = call(world, "GET", f"{path}/history")
    assert [(one["action"], one["newStatus"]) for one in history][:2] == [("created", "TODO"), ("moved", "IN_PROGRESS")]
    assert history[1]["reason"] == "begun"
    done = call(world, "PATCH", path, {"status": "DONE"})
    assert done["status"] == "DONE"
    assert problem(world, "PATCH", path, {"status": "TODO"}) == (409, "illegal_transition")
    call(world, "DELETE", path)
    assert problem(world, "GET", path) == (404, "not_found")


def test_tickets_are_filtered_and_searched(world: World) -> None:
    for title, labels in (
        ("Fix the login page", ["web"]),
        ("Upgrade the search index", []),
        ("결제 모듈 점검", ["pay"]),
    ):
        call(world, "POST", "/api/tickets", {"groupId": world.owner.group_id, "title": title, "labels": labels})

    def titles(**params: Any) -> list[str]:
        return [one["title"] for one in call(world, "GET", "/api/tickets", params=params)]

    assert titles(q="search") == ["Upgrade the search index"]
    assert titles(q="결제") == ["결제 모듈 점검"]
    assert titles(label="web") == ["Fix the login page"]
    assert len(titles(status=["TODO", "DONE"])) == 3
    assert titles(status="DONE") == []
    assert len(titles(limit=2)) == 2
    hits = call(world, "GET", "/api/search", params={"q": "login", "groupId": world.owner.group_id})
    assert [(hit["kind"], hit["text"]) for hit in hits] == [("ticket", "Fix the login page")]


def test_the_paths_of_the_original_system(world: World) -> None:
    path = f"/api/meetings/{world.owner.meeting_id}/tickets"
    ticket = call(world, "POST", path, {"title": "Write the report"})
    assert ticket["meetingId"] == world.owner.meeting_id
    patched = call(world, "PATCH", f"{path}/{ticket['ticketId']}", {"status": "IN_PROGRESS", "reason": "said so"})
    assert patched["status"] == "IN_PROGRESS"
    assert [one["ticketId"] for one in call(world, "GET", path)] == [ticket["ticketId"]]
    assert call(world, "GET", f"/api/meetings/{world.owner.meeting_id}/status-changes") == []
    assert call(world, "GET", f"/api/meetings/{world.owner.meeting_id}/remarks") == []


def test_tickets_as_files(world: World) -> None:
    body = {"groupId": world.owner.group_id, "title": "Pay the bill", "dueDate": "2031-05-01"}
    call(world, "POST", "/api/tickets", body)
    params = {"groupId": world.owner.group_id}
    assert "Pay the bill" in call(world, "GET", "/api/tickets/export", params={**params, "format": "csv"}).text
    assert (
        "DTSTART;VALUE=DATE:20310501"
        in call(world, "GET", "/api/tickets/export", params={**params, "format": "ics"}).text
    )


def test_notifications_are_counted_and_read(world: World) -> None:
    body = {"groupId": world.owner.group_id, "title": "Review it", "assigneeId": world.member.user_id}
    ticket = call(world, "POST", "/api/tickets", body)
    found = call(world, "GET", "/api/notifications", by=world.member)
    assert found["unread"] == 1
    assert found["notifications"][0]["payload"]["ticketId"] == ticket["ticketId"]
    notification_id = found["notifications"][0]["notificationId"]
    call(world, "POST", f"/api/notifications/{notification_id}/read")
    assert call(world, "GET", "/api/notifications", by=world.member)["unread"] == 1
    call(world, "POST", f"/api/notifications/{notification_id}/read", by=world.member)
    assert call(world, "GET", "/api/notifications", by=world.member)["unread"] == 0
    call(world, "POST", "/api/notifications/read", by=world.member)


def test_a_webhook_and_what_is_sent_to_it(world: World) -> None:
    path = f"/api/groups/{world.owner.group_id}/webhooks"
    made = call(world, "POST", path, {"url": "https://example.org/hook", "topics": ["ticket.created"]})
    assert made["secret"]
    (listed,) = call(world, "GET", path)
    assert "secret" not in listed
    call(world, "POST", "/api/tickets", {"groupId": world.owner.group_id, "title": "Tell the world"})
    (delivery,) = call(world, "GET", f"{path}/{made['webhookId']}/deliveries")
    assert (delivery["topic"], delivery["deliveredAt"]) == ("ticket.created", None)
    call(world, "DELETE", f"{path}/{made['webhookId']}")
    assert call(world, "GET", path) == []
    assert problem(world, "POST", path, {"url": "file:///etc/passwd"}) == (422, "bad_input")


@pytest.mark.parametrize("path", ["/api/nothing", "/nothing", "/api/meetings/1/nothing", "/static/nothing.js"])
def test_unknown_paths_are_problems_too(world: World, path: str) -> None:
    assert problem(world, "GET", path) == (404, "not_found")


def test_a_wrong_method_is_said(world: World) -> None:
    assert problem(world, "PUT", "/api/meetings") == (405, "method_not_allowed")


def test_a_body_has_a_bound(world: World) -> None:
    path = f"/api/meetings/{world.owner.meeting_id}/minutes"
    big = json.dumps({"markdown": "x" * (3 * 1024 * 1024)}).encode()
    announced = world.client.put(path, content=big, headers=world.owner.headers)
    streamed = world.client.put(path, content=iter([big[:1000], big[1000:]]), headers=world.owner.headers)
    assert (announced.status_code, streamed.status_code) == (413, 413)
    assert announced.json()["code"] == "too_large"


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"nul\x00"])
def test_a_body_that_is_no_json_is_said(world: World, content: bytes) -> None:
    headers = world.owner.headers | {"Content-Type": "application/json"}
    answer = world.client.post("/api/meetings", content=content, headers=headers)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("title", ['"a\\u0000b"', '"\\ud800"'])
@pytest.mark.parametrize("path", ["/api/tickets", "/api/meetings", "/api/groups"])
def test_a_text_that_cannot_be_stored_is_refused_and_no_crash(world: World, path: str, title: str) -> None:
    body = f'{{"groupId":{world.owner.group_id},"title":{title}}}' if path != "/api/groups" else f'{{"name":{title}}}'
    headers = world.owner.headers | {"Content-Type": "application/json"}
    answer = world.client.post(path, content=body.encode(), headers=headers)
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "bad_input"


def test_readiness_says_what_is_missing(world: World) -> None:
    assert world.client.get("/readyz").json() == {"status": "ok", "database": "ok", "speech": "ok"}
    world.speech.is_away = True
    answer = world.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "no Transcriber answers" in answer.json()["detail"]
    assert world.client.get("/healthz").status_code == 200


def test_status_and_metrics(world: World) -> None:
    speak(world, world.owner.meeting_id, seconds=1)
    status = call(world, "GET", "/status")
    assert status["checks"] == {"database": "ok", "speech": "ok", "events": "ok"}
    assert status["maxAudioSessions"] == 4
    text = call(world, "GET", "/metrics").text
    assert 'vori_audio_bytes_total{replica="local"} 32000.0' in text
    assert 'route="/api/meetings/{meeting_id}' not in text or "status" in text
    assert 'vori_audio_sessions{replica="local"} 0.0' in text


class TestWithoutADatabase:
    def test_the_api_says_503_and_goes_on(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        import sqlalchemy

        broken = sqlalchemy.create_engine("postgresql+psycopg2://nobody@127.0.0.1:9/none")
        engine = world.database._engine
        monkeypatch.setattr(world.database, "_engine", broken)
        assert problem(world, "GET", "/api/meetings") == (503, "unavailable")
        monkeypatch.setattr(world.database, "_engine", engine)
        assert call(world, "GET", "/api/meetings")


def test_an_upload_may_be_larger_than_a_document(world: World) -> None:
    files = {"file": ("a.flac", io.BytesIO(b"fLaC" + bytes(3 * 1024 * 1024)))}
    answer = world.client.post("/v1/audio/transcriptions", files=files, headers=world.owner.headers)
    assert answer.status_code != 413
