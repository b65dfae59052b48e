// Words of the page in English and Korean, and dates and numbers in the chosen language.

const WORDS = {
  meetings: ["Meetings", "회의"],
  board: ["Board", "보드"],
  settings: ["Settings", "설정"],
  insights: ["Insights", "인사이트"],
  signIn: ["Sign in", "로그인"],
  signInHint: ["Paste the token that `vori up` printed.", "`vori up`이 출력한 토큰을 붙여 넣으세요."],
  token: ["Access token", "접근 토큰"],
  signOut: ["Sign out", "로그아웃"],
  wrongToken: ["This token is not known here. Copy the whole line that `vori up` printed.", "알 수 없는 토큰입니다. `vori up`이 출력한 줄 전체를 복사하세요."],
  group: ["Group", "그룹"],
  search: ["Search", "검색"],
  searchHint: ["Search transcripts and tickets", "기록과 티켓 검색"],
  noResults: ["Nothing was found for", "검색 결과가 없습니다:"],
  notifications: ["Notifications", "알림"],
  noNotifications: ["Nothing new.", "새 알림이 없습니다."],
  light: ["Light or dark", "밝게 / 어둡게"],
  newMeeting: ["Start a meeting", "회의 시작"],
  meetingTitle: ["Title", "제목"],
  language: ["Language", "언어"],
  automatic: ["Detect", "자동 감지"],
  playDemo: ["Play the demo meeting", "데모 회의 재생"],
  noMeetings: ["No meetings yet. Start one, or listen to how it works.", "아직 회의가 없습니다. 시작하거나 데모를 들어 보세요."],
  demoTitle: ["Demo: sprint planning", "데모: 주간 회의"],
  live: ["Live", "진행 중"],
  ended: ["Ended", "종료"],
  transcript: ["Transcript", "대화 기록"],
  minutes: ["Minutes", "회의록"],
  noWords: ["What is said appears here. Press Record, or play a file.", "말하는 내용이 여기에 나타납니다. 녹음을 누르거나 파일을 재생하세요."],
  newWords: ["New words ↓", "새로운 내용 ↓"],
  record: ["Record", "녹음"],
  stop: ["Stop", "정지"],
  playFile: ["Play a file", "파일 재생"],
  end: ["End meeting", "회의 종료"],
  several: ["Several people", "여러 사람"],
  severalHint: ["Several people on this microphone: tell them apart by their voices", "한 마이크에 여러 사람: 목소리로 구분합니다"],
  rename: ["Say who this is", "누구인지 지정"],
  whoIs: ["Who is", "누구인가요:"],
  notTold: ["This speaker has a name already: only voices that were told apart are renamed.", "이미 이름이 있는 화자입니다. 목소리로 구분된 화자만 이름을 바꿀 수 있습니다."],
  play: ["Play what was said", "발언 재생"],
  noSound: ["The sound of these words is not kept any more.", "이 발언의 소리는 더 이상 보관되어 있지 않습니다."],
  lag: ["lag", "지연"],
  idle: ["not recording", "녹음 안 함"],
  connecting: ["connecting", "연결 중"],
  connected: ["live", "연결됨"],
  reconnecting: ["reconnecting, your sound is kept", "다시 연결 중, 소리는 보관됩니다"],
  closed: ["stopped", "정지됨"],
  endedToast: ["The meeting has ended. The minutes are being written.", "회의가 끝났습니다. 회의록을 작성하고 있습니다."],
  missed: ["Connected again; what was missed is here.", "다시 연결되어 놓친 내용을 가져왔습니다."],
  TODO: ["To do", "할 일"],
  IN_PROGRESS: ["In progress", "진행 중"],
  DONE: ["Done", "완료"],
  noTickets: ["No tickets yet. They appear as people agree on work.", "아직 티켓이 없습니다. 할 일이 정해지면 나타납니다."],
  newTicket: ["New ticket", "새 티켓"],
  owner: ["Owner", "담당자"],
  nobody: ["Nobody", "없음"],
  due: ["Due", "기한"],
  labels: ["Labels", "라벨"],
  status: ["Status", "상태"],
  priority: ["Priority", "우선순위"],
  details: ["Details", "상세"],
  evidence: ["What was said", "근거"],
  history: ["History", "이력"],
  comments: ["Comments", "댓글"],
  addComment: ["Add a comment", "댓글 추가"],
  save: ["Save", "저장"],
  cancel: ["Cancel", "취소"],
  edit: ["Edit", "편집"],
  undo: ["Undo", "되돌리기"],
  close: ["Close", "닫기"],
  delete: ["Delete", "삭제"],
  conflict: ["Somebody changed this ticket meanwhile. Theirs:", "다른 사람이 먼저 변경했습니다. 상대의 내용:"],
  takeMine: ["Keep mine", "내 것 유지"],
  takeTheirs: ["Take theirs", "상대 것 사용"],
  moved: ["Moved", "이동:"],
  created: ["New ticket", "새 티켓"],
  to: ["to", "→"],
  suggestions: ["Suggestions", "제안"],
  accept: ["Accept (y)", "수락 (y)"],
  acceptAndEdit: ["Edit (e)", "편집 (e)"],
  reject: ["Reject (n)", "거절 (n)"],
  copy: ["Copy as Markdown", "마크다운 복사"],
  copied: ["Copied.", "복사했습니다."],
  noMinutes: ["The minutes are written when the meeting ends.", "회의록은 회의가 끝나면 작성됩니다."],
  download: ["Download", "내려받기"],
  filter: ["Filter by words or owner", "단어나 담당자로 거르기"],
  vocabulary: ["Names and words that the recogniser should know, one a line", "인식기가 알아야 할 이름과 단어 (한 줄에 하나)"],
  saved: ["Saved.", "저장했습니다."],
  keys: ["Keys", "단축키"],
  room: ["Room", "회의실"],
  failed: ["That did not work:", "실패했습니다:"],
  writtenBy: ["Written by", "작성:"],
  loading: ["Loading…", "불러오는 중…"],
  noInsights: ["No meetings yet, so there is nothing to compare: averages need 8 scored meetings. `vori demo --history` makes eight weeks of invented ones.", "아직 회의가 없어 비교할 것이 없습니다. 평균에는 점수가 있는 회의 8건이 필요합니다. `vori demo --history`는 가상의 8주 기록을 만듭니다."],
  findings: ["What goes together", "함께 나타나는 것"],
  noFindings: ["Nothing stands out so far. Only what holds after correction for chance is said here, from 8 meetings on.", "아직 두드러지는 것이 없습니다. 회의 8건부터, 우연을 보정한 뒤에도 남는 것만 여기에 표시합니다."],
  byMeeting: ["One meeting", "회의별"],
  allInsights: ["All insights", "전체 인사이트"],
  period: ["Period", "기간"],
  lastWeeks: ["last {n} weeks", "최근 {n}주"],
  meanScore: ["Mean score (0 to 1)", "평균 점수 (0~1)"],
  eightNeeded: ["8 needed", "8건 필요"],
  completed: ["Completed", "완료율"],
  sevenDaysTo: ["seven days to", "7일간, ~"],
  openTickets: ["Open tickets", "열린 티켓"],
  table: ["Table", "표"],
  score: ["Score (0 to 1)", "점수 (0~1)"],
  tickets: ["Tickets", "티켓"],
  actionable: ["Actionable", "실행 가능"],
  statusUpdates: ["Status changes", "상태 변경"],
  blockers: ["Blockers", "블로커"],
  speechMinutes: ["Speech (minutes)", "발화 (분)"],
};

const LANGUAGES = ["en", "ko"];
let current = document.cookie.match(/vori_language=(\w+)/)?.[1] ?? (navigator.language.startsWith("ko") ? "ko" : "en");

export const language = () => current;

export function setLanguage(code) {
  current = code;
  document.cookie = `vori_language=${code}; path=/; max-age=31536000; SameSite=Strict`;
  document.documentElement.lang = code;
}

export function t(key) {
  return WORDS[key]?.[LANGUAGES.indexOf(current)] ?? key;
}

export function formatDate(value, options = { dateStyle: "medium", timeStyle: "short" }) {
  return value ? new Intl.DateTimeFormat(current, options).format(new Date(value)) : "";
}

export const formatDay = (value) => formatDate(value, { month: "short", day: "numeric" });

export const formatNumber = (value, { least = 0, most = 2 } = {}) =>
  new Intl.NumberFormat(current, { minimumFractionDigits: least, maximumFractionDigits: most }).format(value);

/** A score in 0..1. */
export const formatScore = (value) => formatNumber(value, { least: 2 });

export const formatShare = (value) => new Intl.NumberFormat(current, { style: "percent", maximumFractionDigits: 0 }).format(value);
