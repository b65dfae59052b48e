"""The sentences that synthetic meetings are made of, in English and Korean. Data, and nothing else.

Placeholders: {verb} {object} a piece of work, {thing} its name once it is known, {area} and {place} what it is about,
{day} when it is due, {name} who is asked, {party} who is waited for, {choice} what is decided.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of work: `object` and `thing` have room for {area} and {place}."""

    verb: str
    object: str
    thing: str


@dataclass(frozen=True, slots=True)
class Phrases:
    """One language. `asks` are pairs: what the lead asks, and what the other one answers."""

    works: tuple[Work, ...]
    openings: tuple[str, ...]
    closings: tuple[str, ...]
    takes: tuple[str, ...]
    asks: tuple[tuple[str, str], ...]
    vague: tuple[str, ...]
    started: tuple[str, ...]
    finished: tuple[str, ...]
    not_yet: tuple[str, ...]
    blocked: tuple[str, ...]
    decided: tuple[str, ...]
    choices: tuple[str, ...]
    parties: tuple[str, ...]
    chatter: tuple[str, ...]
    places: tuple[str, ...]
    weekdays: tuple[str, ...]
    next_week: str
    seconds_a_letter: float


ENGLISH = Phrases(
    works=(
        Work("write", "the {area} guide for {place}", "the {area} guide for {place}"),
        Work("write", "the {area} manual for {place}", "the {area} manual for {place}"),
        Work("write", "the {area} glossary for {place}", "the {area} glossary for {place}"),
        Work("draft", "the {area} proposal for {place}", "the {area} proposal for {place}"),
        Work("draft", "the {area} contract for {place}", "the {area} contract for {place}"),
        Work("draft", "the {area} newsletter for {place}", "the {area} newsletter for {place}"),
        Work("update", "the {area} page for {place}", "the {area} page for {place}"),
        Work("update", "the {area} roadmap for {place}", "the {area} roadmap for {place}"),
        Work("update", "the {area} dashboard for {place}", "the {area} dashboard for {place}"),
        Work("update", "the {area} inventory for {place}", "the {area} inventory for {place}"),
        Work("prepare", "the {area} demo for {place}", "the {area} demo for {place}"),
        Work("prepare", "the {area} survey for {place}", "the {area} survey for {place}"),
        Work("prepare", "the {area} budget for {place}", "the {area} budget for {place}"),
        Work("prepare", "the {area} workshop for {place}", "the {area} workshop for {place}"),
        Work("review", "the {area} report for {place}", "the {area} report for {place}"),
        Work("review", "the {area} checklist for {place}", "the {area} checklist for {place}"),
        Work("send", "the {area} brochure for {place}", "the {area} brochure for {place}"),
        Work("send", "the {area} spreadsheet for {place}", "the {area} spreadsheet for {place}"),
        Work("fix", "the {area} import for {place}", "the {area} import for {place}"),
        Work("fix", "the {area} template for {place}", "the {area} template for {place}"),
        Work("check", "the {area} invoices for {place}", "the {area} invoices for {place}"),
        Work("check", "the {area} backups for {place}", "the {area} backups for {place}"),
        Work("print", "the {area} poster for {place}", "the {area} poster for {place}"),
        Work("translate", "the {area} leaflet for {place}", "the {area} leaflet for {place}"),
        Work("design", "the {area} logo for {place}", "the {area} logo for {place}"),
        Work("record", "the {area} video for {place}", "the {area} video for {place}"),
    ),
    openings=("Good to see you all, let's start.", "Morning, everybody is here.", "Right, we have a full list today."),
    closings=("Thanks, that was all.", "Good, see you at the next one.", "That's it, thank you."),
    takes=(
        "I'll {verb} {object} by {day}.",
        "I will {verb} {object} by {day}.",
        "I'm going to {verb} {object} by {day}.",
    ),
    asks=(
        ("{name}, can you {verb} {object} by {day}?", "Sure, I'll do that."),
        ("{name}, please {verb} {object} by {day}.", "OK, I'll do it."),
    ),
    vague=("Somebody should {verb} {object}.", "Someone has to {verb} {object}."),
    started=("I've started on {thing}, it's about half done.", "I am working on {thing} now."),
    finished=("I finished {thing} yesterday.", "{thing} is done."),
    not_yet=("I haven't got to {thing} yet.", "No news about {thing} from my side."),
    blocked=(
        "I'm blocked on {thing}, we're waiting for {party}.",
        "I'm stuck with {thing}, because {party} has not answered.",
    ),
    decided=("We've decided to {choice}.", "OK, decision: we {choice}.", "Agreed, we {choice}."),
    choices=(
        "keep the weekly summary",
        "move the release to the first Monday",
        "go with the shorter form",
        "use one list for all requests",
        "stay with the present supplier",
        "close the old mailbox",
        "start with the smaller customers",
        "show the prices with tax",
        "drop the second approval",
        "publish the notes every month",
    ),
    parties=("the legal team", "the supplier", "the data team", "the bank", "head office"),
    chatter=(
        "Two customers asked about {area} last week.",
        "I liked how the {area} numbers looked this week.",
        "The {area} question is the one that people ask about first.",
        "Last month the {area} side was much quieter.",
        "For me the {area} topic is the more interesting one.",
        "There were four calls about {area} on Monday.",
        "That is how we did {area} in the old team, and it was fine.",
        "It depends on how {area} goes in the next days.",
        "The feedback on {area} was better than I had thought.",
        "Yes, I see it the same way.",
        "That makes sense to me.",
        "It was a long day yesterday.",
        "The room is a bit cold, by the way.",
        "I was on holiday then, so I only read about it.",
    ),
    places=(
        "the board",
        "new customers",
        "the trade fair",
        "the press",
        "the sales team",
        "our partners",
        "the autumn release",
        "students",
        "the night shift",
        "resellers",
        "the help desk",
        "the auditors",
        "small shops",
        "the regional office",
        "the works council",
        "volunteers",
        "the pilot group",
        "schools",
        "the city",
        "seasonal workers",
        "the landlord",
        "beginners",
        "the annual meeting",
        "museums",
    ),
    weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"),
    next_week="next {day}",
    seconds_a_letter=0.07,
)

KOREAN = Phrases(
    works=(
        Work("작성", "{place} {area} 안내문을", "{place} {area} 안내문 작성"),
        Work("작성", "{place} {area} 예산안을", "{place} {area} 예산안 작성"),
        Work("작성", "{place} {area} 체크리스트를", "{place} {area} 체크리스트 작성"),
        Work("검토", "{place} {area} 보고서를", "{place} {area} 보고서 검토"),
        Work("검토", "{place} {area} 계약서를", "{place} {area} 계약서 검토"),
        Work("점검", "{place} {area} 화면을", "{place} {area} 화면 점검"),
        Work("점검", "{place} {area} 장비를", "{place} {area} 장비 점검"),
        Work("정리", "{place} {area} 자료를", "{place} {area} 자료 정리"),
        Work("정리", "{place} {area} 목록을", "{place} {area} 목록 정리"),
        Work("준비", "{place} {area} 시연을", "{place} {area} 시연 준비"),
        Work("준비", "{place} {area} 발표를", "{place} {area} 발표 준비"),
        Work("수정", "{place} {area} 문구를", "{place} {area} 문구 수정"),
        Work("확인", "{place} {area} 견적서를", "{place} {area} 견적서 확인"),
        Work("확인", "{place} {area} 백업을", "{place} {area} 백업 확인"),
        Work("분석", "{place} {area} 통계를", "{place} {area} 통계 분석"),
        Work("번역", "{place} {area} 설명서를", "{place} {area} 설명서 번역"),
        Work("제작", "{place} {area} 포스터를", "{place} {area} 포스터 제작"),
        Work("설계", "{place} {area} 설문을", "{place} {area} 설문 설계"),
        Work("개선", "{place} {area} 양식을", "{place} {area} 양식 개선"),
        Work("교체", "{place} {area} 서식을", "{place} {area} 서식 교체"),
        Work("공유", "{place} {area} 일정표를", "{place} {area} 일정표 공유"),
        Work("신청", "{place} {area} 교육을", "{place} {area} 교육 신청"),
        Work("예약", "{place} {area} 장소를", "{place} {area} 장소 예약"),
        Work("등록", "{place} {area} 명단을", "{place} {area} 명단 등록"),
    ),
    openings=("안녕하세요 시작할게요", "다 오셨네요 시작하겠습니다", "네 오늘 안건이 좀 많습니다"),
    closings=("수고하셨습니다", "네 여기까지 하겠습니다", "감사합니다 다음에 뵙겠습니다"),
    takes=("제가 {day}까지 {object} {verb}할게요", "제가 {day}까지 {object} {verb}하겠습니다"),
    asks=(
        ("{name} 님 {object} {day}까지 {verb}해 주세요", "네 알겠습니다"),
        ("{name} 님 {day}까지 {object} {verb}해 주시겠어요", "네 제가 할게요"),
    ),
    vague=(
        "{thing} 담당자는 아직 없는데 할 일에 넣어 주세요",
        "누군가 {object} {verb}해야 할 것 같아요",
        "{object} {verb}해야 될 것 같아요 담당자는 미정으로 두죠",
    ),
    started=("{thing} 시작했고 절반쯤 됐어요", "{thing} 지금 하고 있습니다"),
    finished=("{thing} 다 끝냈습니다", "{thing} 어제 완료했어요"),
    not_yet=("{thing} 아직 시작 못 했어요", "{thing} 아직입니다"),
    blocked=("{party} 답이 안 와서 {thing} 못 하고 있어요", "{thing} {party} 때문에 막혀 있습니다"),
    decided=("그럼 {choice}기로 하겠습니다", "{choice}기로 결정했습니다"),
    choices=(
        "주간 보고는 월요일에 하",
        "다음 달부터 새 양식을 쓰",
        "신청은 한 곳에서만 받",
        "지금 업체를 그대로 쓰",
        "작은 고객사부터 시작하",
        "가격은 부가세 포함으로 보여 주",
        "두 번째 결재는 없애",
        "회의록은 매달 공개하",
    ),
    parties=("법무팀", "외부 업체", "데이터팀", "은행", "본사"),
    chatter=(
        "{area} 쪽은 이번 주에 문의가 많았어요",
        "{area} 숫자는 지난주보다 좋아 보이네요",
        "고객들은 {area} 이야기를 제일 먼저 물어봐요",
        "지난달에는 {area} 쪽이 훨씬 조용했거든요",
        "저는 {area} 주제가 더 재미있어요",
        "월요일에 {area} 전화가 네 통 있었습니다",
        "예전 팀에서도 {area} 쪽은 그렇게 했는데 괜찮았어요",
        "{area} 반응은 생각보다 좋았어요",
        "네 저도 같은 생각이에요",
        "네 이해했습니다",
        "어제는 정말 바빴네요",
        "회의실이 좀 춥네요",
        "저는 그때 휴가였어요",
    ),
    places=(
        "대전점",
        "부산점",
        "광주점",
        "강릉점",
        "전주점",
        "제주점",
        "수원점",
        "대구점",
        "울산점",
        "청주점",
        "포항점",
        "춘천점",
        "여수점",
        "목포점",
        "천안점",
        "인천점",
        "군산점",
        "안동점",
        "원주점",
        "김해점",
        "속초점",
        "통영점",
        "경주점",
        "순천점",
    ),
    weekdays=("월요일", "화요일", "수요일", "목요일", "금요일"),
    next_week="다음 주 {day}",
    seconds_a_letter=0.14,
)

PHRASES = {"en": ENGLISH, "ko": KOREAN}
