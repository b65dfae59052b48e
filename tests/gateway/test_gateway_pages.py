"""The page and Swagger UI: all from here, with headers that keep everything else out."""

from __future__ import annotations

import re

import pytest

from tests.gateway.conftest import World

pytestmark = pytest.mark.integration


def test_the_page_and_its_files_come_from_here(world: World) -> None:
    page = world.client.get("/")
    assert page.status_code == 200
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert links
    for link in links:
        assert link.startswith("/static/")
        assert world.client.get(link).status_code == 200


@pytest.mark.parametrize("path", ["/", "/static/main.js", "/healthz", "/docs", "/nothing"])
def test_every_answer_carries_the_security_headers(world: World, path: str) -> None:
    headers = world.client.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'self'")
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"


def test_what_belongs_to_somebody_is_not_kept_by_anybody(world: World) -> None:
    answer = world.client.get("/api/meetings", headers=world.owner.headers)
    assert answer.headers["cache-control"] == "no-store"


def test_swagger_ui_needs_no_other_host_and_no_inline_script(world: World) -> None:
    page = world.client.get("/docs")
    assert "http" not in re.sub(r"<!doctype.*?>", "", page.text)
    assert not re.search(r"<script(?![^>]*src=)", page.text)
    for link in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert world.client.get(link).status_code == 200
    assert world.client.get("/docs/swagger-ui-other.js").status_code in (404, 422)


def test_the_api_describes_itself(world: World) -> None:
    document = world.client.get("/openapi.json").json()
    assert document["info"]["title"] == "VORI"
    for path in ("/api/meetings/{meeting_id}/end", "/api/groups/{group_id}/members", "/api/users/sync"):
        assert path in document["paths"]
    assert all(
        operation.get("description") or operation.get("summary")
        for methods in document["paths"].values()
        for operation in methods.values()
    )


@pytest.mark.parametrize("path", ["/static/../settings.py", "/static/%2e%2e/settings.py", "/demo/meeting-xx.flac"])
def test_nothing_else_of_this_machine_is_served(world: World, path: str) -> None:
    assert world.client.get(path, headers=world.owner.headers).status_code in (404, 422)
