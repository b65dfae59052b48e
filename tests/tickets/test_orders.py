"""Tickets that are asked for by name: what they are called, whose they are, where they are moved in the same talk."""

from __future__ import annotations

import pytest

from tests.tickets.short_talks import owners, read_talk
from vori_ray.tickets.extraction import OpenTicket
from vori_ray.tickets.planning import Plan

ROSTER = {"en": ("Dana", "Omar", "Priya"), "ko": ("민수", "지영", "서연")}


def read(talk: str, tickets: tuple[OpenTicket, ...] = ()) -> Plan:
    language = "en" if talk.isascii() else "ko"
    return read_talk(talk, language=language, tickets=tickets, roster=ROSTER[language])


def made(talk: str) -> list[tuple[str, str | None, str]]:
    """The title, the owner and the status of each ticket that a talk makes."""
    plan = read(talk)
    return [(t.title, owner, t.status) for t, owner in zip(plan.tickets, owners(plan), strict=True)]


@pytest.mark.parametrize(
    ("talk", "title"),
    [
        ("Dana: Let's create a ticket for the release notes.\nOmar: Okay.", "Release notes"),
        ("Dana: We also need a new ticket for the VPN access, because it keeps dropping.\nOmar: True.", "VPN access"),
        ("Dana: Can you open a task for the invoice template, Omar?\nOmar: Done.", "Invoice template"),
        ("Dana: please add a card to repaint the fence\nOmar: okay", "Repaint the fence"),
        ("Dana: The elevator is too slow, so let's make a ticket for that.\nOmar: Yes.", "Elevator"),
        (
            "Dana: File a ticket for the server room.\nOmar: It's called server room cooling.\nDana: Good.",
            "Server room",
        ),
        ("Dana: Let's add a ticket for the fence.\nOmar: The ticket is called fence repair.", "Fence repair"),
        ("민수: 그럼 배송 안내문 티켓을 만들겠습니다.\n지영: 네.", "배송 안내문"),
        ("민수: 창고 열쇠 복사 티켓도 필요합니다.\n지영: 네, 맞아요.", "창고 열쇠 복사"),
        ("민수: 좋아요, 명함 인쇄 티켓 하나 추가해 주세요.\n지영: 네.", "명함 인쇄"),
        ("민수: 회의실 난방에 대한 티켓을 새로 만들죠.\n지영: 좋습니다.", "회의실 난방"),
        ("민수: 난방 티켓을 만들죠.\n지영: 티켓 이름은 회의실 난방 수리로 하겠습니다.", "회의실 난방 수리"),
    ],
)
def test_a_ticket_that_is_asked_for_is_made_under_its_name(talk: str, title: str) -> None:
    assert [name for name, _, _ in made(talk)] == [title]


@pytest.mark.parametrize(
    "talk",
    [
        "Dana: We don't need a ticket for the release notes.\nOmar: Right.",
        "Dana: Is there a ticket for the release notes?\nOmar: I don't know.",
        "Dana: Should we create a ticket for the release notes?\nOmar: No.",
        "Dana: If they ask, create a ticket for the release notes.\nOmar: Hm.",
        "Dana: I created a ticket for the release notes yesterday.\nOmar: I saw it.",
        "Dana: I still need a ticket for the concert.\nOmar: It's sold out.",
        "Dana: Let's create a ticket for the release notes.\nOmar: No, let's not.",
        "Dana: Let's create a ticket for the release notes. Actually, scrap that.\nOmar: Okay.",
        "민수: 배송 안내문 티켓을 만들죠.\n지영: 아니요, 안 만들어도 됩니다.",
        "민수: 배송 안내문 티켓은 필요 없어요.\n지영: 네.",
        "민수: 배송 안내문 티켓을 만들까요?\n지영: 아니요.",
        "민수: 배송 안내문 티켓은 만들지 맙시다.\n지영: 네.",
        "민수: 어제 배송 안내문 티켓을 만들었습니다.\n지영: 봤어요.",
        "민수: 공연 티켓을 끊어야 해요.\n지영: 매진이래요.",
    ],
)
def test_a_ticket_that_is_not_asked_for_is_not_made(talk: str) -> None:
    assert made(talk) == []


@pytest.mark.parametrize(
    ("talk", "owner"),
    [
        ("Dana: Create a ticket for the release notes and assign it to Omar.\nPriya: Good.", "Omar"),
        ("Dana: Let's create a ticket for the release notes.\nOmar: Assign it to Priya, please.", "Priya"),
        ("Dana: Let's create a ticket for the release notes.\nOmar: I can take the release notes.", "Omar"),
        ("Dana: Let's create a ticket for the release notes.\nOmar: Why not.", None),
        ("Dana: Let's create a ticket for the release notes.\nOmar: Yes.\nOmar: I started the release notes.", "Omar"),
        ("Dana: Let's create a ticket for the release notes.\nOmar: I think the release notes are done.", None),
        ("민수: 배송 안내문 티켓을 만들죠.\n지영: 배송 안내문은 제가 맡겠습니다.", "지영"),
        ("민수: 배송 안내문 티켓을 만들죠.\n지영: 그 티켓은 서연 씨에게 할당하겠습니다.", "서연"),
        ("민수: 배송 안내문 티켓을 만들죠.\n지영: 네, 좋습니다.", None),
    ],
)
def test_who_is_given_a_ticket_or_takes_it_owns_it(talk: str, owner: str | None) -> None:
    assert [who for _, who, _ in made(talk)] == [owner]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("Please move the release notes to in progress.", "IN_PROGRESS"),
        ("The release notes are done, I sent them out.", "DONE"),
        ("We can close the release notes.", "DONE"),
        ("The release notes will be finished on Friday.", "TODO"),
        ("Did you start on the release notes?", "TODO"),
        ("배송 안내문 티켓을 진행 중으로 옮겨 주세요.", "IN_PROGRESS"),
        ("배송 안내문 티켓을 닫겠습니다.", "DONE"),
        ("배송 안내문은 방금 완료되었습니다.", "DONE"),
        ("배송 안내문은 금요일까지 완료하겠습니다.", "TODO"),
        ("배송 안내문 티켓은 아직 닫지 마세요.", "TODO"),
    ],
)
def test_it_is_moved_in_the_same_talk(said: str, status: str) -> None:
    first = "Dana: Let's create a ticket for the release notes.\nOmar: Okay." if said.isascii() else (
        "민수: 배송 안내문 티켓을 만들죠.\n지영: 네."
    )  # fmt: skip
    who = "Dana" if said.isascii() else "민수"
    assert [now for _, _, now in made(f"{first}\n{who}: {said}")] == [status]


def test_a_ticket_of_the_board_is_not_made_again_but_another_of_the_same_thing_is() -> None:
    board = (OpenTicket(1, "Release notes", "TODO"), OpenTicket(2, "Integrate the payment gateway", "TODO"))
    assert read("Dana: Let's create a ticket for the release notes.\nOmar: Okay.", board).tickets == ()
    (ticket,) = read("Dana: Create a ticket for the payment forms.\nOmar: Okay.", board).tickets
    assert ticket.title == "Payment forms"


def test_tickets_asked_for_in_one_meeting_stay_apart_and_so_does_other_work() -> None:
    talk = """Dana: Let's create a ticket for the login page.
Omar: And one ticket for the release notes, please add a ticket for the release notes.
Omar: I'll order the chairs for the release party by Friday.
Dana: Good, and the release notes are in progress."""
    assert {title: status for title, _, status in made(talk)} == {
        "Login page": "TODO",
        "Release notes": "IN_PROGRESS",
        "Order the chairs for the release party": "TODO",
    }


@pytest.mark.parametrize(
    ("title", "said", "owner"),
    [
        ("Integrate the payment gateway", "I can take the payment gateway.", "Dana"),
        ("Integrate the payment gateway", "Please assign the payment gateway to Priya.", "Priya"),
        ("Integrate the payment gateway", "Omar will take the payment gateway.", "Omar"),
        ("Integrate the payment gateway", "I can take the payment gateway tests.", None),
        ("Integrate the payment gateway", "Who can take the payment gateway?", None),
        ("결제 서버 점검", "결제 서버 점검은 제가 맡겠습니다.", "민수"),
        ("결제 서버 점검", "결제 서버 점검은 서연 씨에게 할당하겠습니다.", "서연"),
        ("결제 서버 점검", "결제 서버 점검 보고서는 제가 맡겠습니다.", None),
        ("결제 서버 점검", "결제 서버 점검은 누가 맡을까요?", None),
    ],
)
def test_a_ticket_of_the_board_that_nobody_owns_gets_its_owner(title: str, said: str, owner: str | None) -> None:
    talk = f"Dana: {said}\nOmar: Good." if said.isascii() else f"민수: {said}\n지영: 네."
    found = read(talk, (OpenTicket(1, title, "TODO"),)).updates
    assert [update.assignee for update in found] == ([owner] if owner else [])
    owned = read(talk, (OpenTicket(1, title, "TODO", "Omar" if said.isascii() else "지영"),))
    assert owned.updates == ()
