// The group's insights over time, and the figures of meetings that are going on. Fresh numbers replace old ones in place.

import * as api from "./api.js";
import { h, replace } from "./dom.js";
import { formatDate, formatDay, formatNumber, formatScore, formatShare, language, t } from "./i18n.js";
import { reportList } from "./insight-report.js";
import { liveFigures } from "./live-figures.js";
import { demoButton } from "./meetings.js";
import { on, state } from "./state.js";

const PERIODS = [28, 56, 182];
const SHOWN_MEETINGS = 12;
let days = 56;

export async function insightsView(signal) {
  const root = `/api/analytics/groups/${state.group.groupId}`;
  const summary = h("dl", { class: "tiles" });
  const findings = h("section", { class: "findings", "aria-label": t("findings") });
  const reports = reportList(root, () => ({ language: language(), days }), signal);
  const live = liveFigures(signal);
  const empty = h("div", { class: "empty" });
  const meetings = h("ul", { class: "meetings" });
  const byMeeting = h("section", { class: "by-meeting" }, h("h2", {}, t("byMeeting")), meetings);
  const load = async () => {
    const [figures, found, charts, recent] = await Promise.all([
      api.get(`${root}/summary?days=${days}`),
      api.get(`${root}/findings?language=${language()}`),
      api.get(`${root}/charts?language=${language()}&days=${days}`),
      api.get(`/api/meetings?groupId=${state.group.groupId}&limit=${SHOWN_MEETINGS}`),
    ]);
    if (signal.aborted) return;
    replace(summary, tiles(figures));
    replace(findings, findingList(found));
    replace(meetings, recent.map(meetingRow));
    const isEmpty = !recent.length;
    replace(empty, isEmpty ? [h("p", {}, t("noInsights")), demoButton()] : []);
    for (const part of [summary, findings, reports.element, byMeeting]) part.hidden = isEmpty;
    reports.show(charts);
    await live.show(recent.filter(({ state: name }) => name === "LIVE"));
  };
  await load();
  on("event", ({ topic }) => (topic === "meeting.ended" || topic.startsWith("analytics.trends.")) && load().catch(() => {}), signal);
  return [h("div", { class: "bar" }, h("h1", {}, t("insights")), period(load)), live.element, empty, summary, findings, reports.element, byMeeting];
}

/** One meeting: its score, who spoke when, its words. */
export async function meetingInsightsView(meetingId, signal) {
  const root = `/api/analytics/meetings/${meetingId}`;
  const meeting = await api.get(`/api/meetings/${meetingId}`);
  const reports = reportList(root, () => ({ language: language() }), signal);
  const live = liveFigures(signal);
  const load = async () => reports.show(await api.get(`${root}/charts?language=${language()}`));
  await Promise.all([load(), live.show([meeting], { isAlways: true })]);
  on("event", ({ topic, payload }) => topic.startsWith("analytics.") && payload.meetingId === meetingId && load().catch(() => {}), signal);
  return [
    h("div", { class: "bar" }, h("h1", {}, meeting.title), h("time", { class: "quiet" }, formatDate(meeting.startedAt)),
      h("a", { class: "button", href: "#/insights" }, t("allInsights")), h("a", { class: "button", href: `#/meetings/${meetingId}` }, t("room"))),
    live.element,
    reports.element,
  ];
}

function period(load) {
  return h("select", { "aria-label": t("period"), onchange: ({ target }) => {
    days = Number(target.value);
    load();
  } }, PERIODS.map((count) => h("option", { value: count, selected: count === days }, t("lastWeeks").replace("{n}", count / 7))));
}

function tiles(summary) {
  const { productivity, lastSevenDays: week, tickets } = summary;
  const interval = productivity && productivity.low !== null ? `${formatScore(productivity.low)}–${formatScore(productivity.high)}, ` : "";
  return [
    tile(t("meetings"), formatNumber(summary.meetingCount), t("lastWeeks").replace("{n}", summary.days / 7)),
    tile(t("meanScore"), summary.isEnough ? formatScore(productivity.mean) : "–",
      summary.isEnough ? `${interval}n = ${productivity.n}` : `n = ${productivity?.n ?? 0}, ${t("eightNeeded")}`),
    tile(t("completed"), week?.completionRate == null ? "–" : formatShare(week.completionRate), week ? `${t("sevenDaysTo")} ${formatDay(`${week.lastDay}T12:00`)}` : ""),
    tile(t("openTickets"), formatNumber((tickets.TODO ?? 0) + (tickets.IN_PROGRESS ?? 0)),
      `${t("TODO")} ${formatNumber(tickets.TODO ?? 0)}, ${t("IN_PROGRESS")} ${formatNumber(tickets.IN_PROGRESS ?? 0)}, ${t("DONE")} ${formatNumber(tickets.DONE ?? 0)}`),
  ];
}

const tile = (name, value, note) => h("div", { class: "tile" }, h("dt", {}, name), h("dd", { class: "figure" }, value), h("dd", { class: "quiet" }, note));

function findingList(findings) {
  if (!findings.length) return [h("h2", {}, t("findings")), h("p", { class: "quiet" }, t("noFindings"))];
  return [h("h2", {}, t("findings")), h("ul", {}, findings.map(({ sentence }) => h("li", {}, sentence)))];
}

function meetingRow(meeting) {
  return h("li", {}, h("a", { href: `#/insights/meetings/${meeting.meetingId}` },
    h("span", { class: "meeting-title" }, meeting.title), h("time", { class: "quiet" }, formatDate(meeting.startedAt))));
}
