# ruff: noqa: E501  # word lists
"""Words that the Korean rules know: tables and nothing else.

Pure. Words of meetings and of time, light verbs, native verbs beside the noun that a ticket would say. Nothing here
belongs to one trade.
"""

from __future__ import annotations

# Nouns that name no work by themselves: they are left out of titles and never taken for what "그거" means.
EMPTY_NOUNS = frozenset(
    """것 거 건 수 때 데 쪽 중 번 분 점 정도 쯤 때문 덕분 경우 상태 상황 사실 얘기 이야기 말 말씀 생각 느낌 사람 우리 저희 여러분 모두 다들
    누구 뭐 무엇 어디 언제 왜 제 내 자기 본인 담당 담당자 티켓 카드 보드 태스크 할일 할 일 일단 우선 먼저 하나 둘 셋 첫째 둘째 셋째 마지막
    다음 이번 지난 저번 요즘 최근 현재 지금 오늘 어제 그제 그저께 내일 모레 글피 아침 점심 저녁 오전 오후 밤 새벽 주 주말 달 월 년 일 시 분 초
    월요일 화요일 수요일 목요일 금요일 토요일 일요일 이번주 다음주 지난주 다음달 이달 월말 말일 말 초 기한 마감 날짜 그때 그날 이때 시간 김 참
    군데 개 명 장 건수 가지 번째 씩 만 완료 진행 끝 반 전부 전체 나머지 부탁 가능 필요 예정 계획 감사 죄송 고생 수고 축하 질문 문제 도움
    안건 자리 시작 마무리 신경 그동안 동안 날 넵 넹 응 네 예 아 어 음 뭐 그 저 내년 작년 올해 오늘날 하루 이틀 사흘 나흘 닷새 열흘 일주일 보름 앞 앞으로 전 어젯밤 어제밤 밤새 중순 초순 하순 상반기 하반기 평소 원래 대신 예전 나중 처음 터 텐데 바 줄 뿐 채 척 듯 겸 대로 만큼 이거 그거 저거 여기 거기 저기 이쪽 그쪽 저쪽 쪽지 후 뒤 안 이상 이하""".split()
)

# Counters and units: with a number before them they name an amount or a time, not a thing.
AMOUNTS = frozenset(
    "주 일 월 년 달 개월 시 시간 분 개 명 건 번 번째 원 만 만원 장 프로 퍼센트 점 대 군데 가지 배 회 통 벌 권 편 곳 마리 잔 병 박스 킬로 미터 도".split()
)

# How a thing is done, not what is done: "전화로 할게요", "표로 드릴게요".
MANNERS = frozenset(
    "전화 메일 이메일 카톡 문자 메신저 슬랙 온라인 오프라인 표 손 직접 종이 엑셀 화상 대면 서면 구두 단톡".split()
)

# Nouns that may stand in a title but tell little of which work it is.
WEAK_NOUNS = frozenset(
    """작성 작업 확인 요청 진행 준비 정리 공유 처리 수정 추가 변경 제작 발송 전달 검토 업데이트 개선 완료 등록 적용 마련 실시 수립 관리
    신규 기존 관련 내용 자료 초안 문서""".split()
)

# Verbs that say nothing of the work: the noun before them does.
LIGHT_VERBS = frozenset(
    "끝내 마치 마무리하 끝나 하 되 맡 드리 주 보 두 놓 가 오 있 시작하 진행하 처리하 담당하 해보 해주 챙기 나서 들어가".split()
)

# Native verbs -> the noun that stands in a ticket's title.
TITLE_VERBS = {
    "쓰": "작성", "적": "작성", "짜": "작성", "만들": "만들기", "그리": "그리기", "보내": "발송", "부치": "발송", "돌리": "돌리기",
    "고치": "수정", "손보": "수정", "다듬": "수정", "바꾸": "변경", "갈": "교체", "알아보": "알아보기", "찾아보": "찾기", "찾": "찾기",
    "묻": "문의", "물어보": "문의", "여쭙": "문의", "여쭤보": "문의", "사": "구매", "시키": "주문", "뽑": "출력", "올리": "올리기",
    "받": "받기", "내": "제출", "넣": "추가", "빼": "제외", "지우": "삭제", "없애": "삭제", "옮기": "옮기기", "세": "세기",
    "붙이": "붙이기", "달": "달기", "걸": "걸기", "치우": "치우기", "닦": "청소", "정하": "결정", "고르": "선정", "부르": "섭외",
    "모으": "모으기", "합치": "통합", "나누": "구분", "줄이": "줄이기", "늘리": "늘리기", "살펴보": "검토", "들여다보": "검토",
    "돌려보": "검토", "맞추": "맞추기", "따": "받기", "잡": "잡기", "끊": "발급", "열": "열기", "닫": "닫기", "연락드리": "연락", "전화드리": "전화",
    "얘기하": "협의", "이야기하": "협의", "말하": "협의", "말씀드리": "협의", "상의드리": "협의", "여쭈": "문의", "알리": "안내", "알려드리": "안내",
    "빌리": "대여", "구하": "구하기", "심": "심기", "씌우": "씌우기", "채우": "채우기", "비우": "비우기", "재": "측정", "다시하": "재작업",
}  # fmt: skip

# Work that is said to somebody: it needs its subject in the title.
TELLING = frozenset("문의 연락 전화 얘기 이야기 말 말씀 협의 상의 안내 요청 부탁 메일 문자 메신저 보고 전달".split())

# Verbs and nouns that mean the same deed: "부쳤습니다" is what "정산서 발송" asks for.
DEEDS: tuple[frozenset[str], ...] = tuple(
    frozenset(words.split())
    for words in (
        "발송 보내 부치 전달 제출 내 의뢰 신청 접수 올리 배포 공유 전송 송부 게시 업로드 등록 회신 돌리 넣 넘기 나가 안내 통보",
        "교체 갈 바꾸 변경 전환 교환",
        "설치 달 붙이 부착 세우 깔 조정 틀 맞추 걸 게시",
        "작성 쓰 만들 제작 그리 짜 적 완성 마련 정리 초안 편성 수립",
        "수리 고치 손보 수정 보수 복구 해결",
        "주문 시키 사 구매 구입 발주 넣",
        "입금 송금 납부 결제 지급 보내 내",
        "예약 잡 섭외 구하",
        "청소 치우 닦 제거 긁어내 정리 비우 세탁 빨",
        "점검 확인 검사 검토 보 측정 재 검수",
        "반납 돌려주 반환 반품 보내",
        "해체 뜯 철거 떼 제거 폐기 버리",
        "선정 확정 고르 정하 결정 뽑",
        "인쇄 출력 뽑",
        "이동 옮기 이전 이사",
        "삭제 지우 없애 빼",
        "추가 넣 증설 보강 늘리",
    )
)

# Nouns that say what is done, not with what: alone they tell no work from another.
DEED_NOUNS = WEAK_NOUNS | TELLING | frozenset(noun for deed in DEEDS for noun in deed if len(noun) > 1)


def same_deed(verb: str, other: str, words: tuple[str, ...] = ()) -> bool:
    """Whether two verbs (as nouns: "작성", "구하기") are the same deed, or the verb is among `words` ("신입 초대")."""
    if not verb:
        return False
    if verb == other or verb in words:
        return True
    mine, its = verb.removesuffix("기"), other.removesuffix("기")
    return any(mine in deed and its in deed for deed in DEEDS)


_PEOPLE = frozenset(
    """전임자 후임자 후임 담당자 책임자 고객 손님 보호자 환자 학생 학부모 직원 사장 대표 팀장 과장 부장 대리 교수 어르신 주민 회원 신입 알바 애들 아이들
    친구 형 누나 동생 언니 오빠 이웃 강사 작가 감독 배우 선수 심사위원 운영진 임원 위원 위원장 회장 총무 기사 엔지니어 개발자 디자이너 사람들""".split()
)


def is_person(noun: str) -> bool:
    """Whether a noun names people, who are no work: 담당자, 손님, 보호자분."""
    return noun in _PEOPLE or noun.endswith(("님", "분", "분들", "님들", "쌤", "씨"))


# People and bodies outside the group; what they do is not the group's work.
OUTSIDERS = (
    "업체|회사|본사|대행사|거래처|협력사|납품처|공급사|제조사|기사|기사님|건물|관리실|관리소|관리사무소|시청|구청|군청|교육청|학교|병원|은행|법원"
    "|경찰서|소방서|사진관|인쇄소|스폰서|고객|고객사|손님|보호자|학부모|학부모회|주최|시공사|통신사|택배사|택배|보험사|렌탈|개발사|외주|파트너|공장"
    "|그쪽|저쪽|거기|상대|상대방|센터|재단|협회|위원회|대학|도서관|박물관|호텔|식당|카드사|세무사|노무사|변호사|회계사|엔지니어|상인회|주민센터"
)
