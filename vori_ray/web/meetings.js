// The list of meetings, and how one begins.

import * as api from "./api.js";
import { h, toast } from "./dom.js";
import { formatDate, language, t } from "./i18n.js";
import { on, state } from "./state.js";

export async function meetingsView(signal) {
  const list = h("ul", { class: "meetings" });
  const load = async () => list.replaceChildren(...rows(await api.get(`/api/meetings?groupId=${state.group.groupId}`)));
  await load();
  on("event", ({ topic }) => topic === "meeting.ended" && load(), signal);
  return [h("h1", {}, t("meetings")), starter(), list];
}

function rows(meetings) {
  if (!meetings.length) return [h("li", { class: "empty" }, h("p", {}, t("noMeetings")), demoButton())];
  return meetings.map((meeting) =>
    h("li", {}, h("a", { href: `#/meetings/${meeting.meetingId}` },
      h("span", { class: "meeting-title" }, meeting.title),
      h("span", { class: `state ${meeting.state.toLowerCase()}` }, meeting.state === "LIVE" ? t("live") : t("ended")),
      h("time", { class: "quiet" }, formatDate(meeting.startedAt)))));
}

function starter() {
  const title = h("input", { id: "title", required: true, placeholder: t("meetingTitle"), "aria-label": t("meetingTitle") });
  const languages = h("select", { "aria-label": t("language") },
    [["auto", t("automatic")], ["ko", "한국어"], ["en", "English"]].map(([value, name]) => h("option", { value }, name)));
  return h("form", { class: "starter", onsubmit: (event) => {
    event.preventDefault();
    startMeeting({ title: title.value, language: languages.value });
  } }, title, languages, h("button", { class: "primary" }, t("newMeeting")));
}

export function demoButton() {
  return h("button", { class: "primary", onclick: () => startMeeting({ title: t("demoTitle"), language: language(), demo: language() }) },
    t("playDemo"));
}

export async function startMeeting({ title, language: spoken, demo = null }) {
  try {
    const { meetingId } = await api.post("/api/meetings", { groupId: state.group.groupId, title, language: spoken });
    if (demo) sessionStorage.setItem(`demo-${meetingId}`, demo);
    location.hash = `#/meetings/${meetingId}`;
  } catch (error) {
    toast(`${t("failed")} ${error.message}`, { isError: true });
  }
}
