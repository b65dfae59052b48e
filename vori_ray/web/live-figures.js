// The figures of meetings that are going on, a minute behind at most. Numbers change where they stand.

import * as api from "./api.js";
import { h } from "./dom.js";
import { formatNumber, formatScore, t } from "./i18n.js";
import { on } from "./state.js";

const FIGURES = ["score", "tickets", "actionable", "statusUpdates", "blockers", "speechMinutes"];
const SETTLE_MS = 400;

/** Boxes of figures; `show(meetings)` takes the meetings to follow. */
export function liveFigures(signal) {
  const element = h("div", { class: "live-figures" });
  const boxes = new Map();
  on("event", ({ topic, payload }) => topic.startsWith("analytics.") && boxes.get(payload.meetingId)?.refreshSoon(), signal);
  return {
    element,
    async show(meetings, { isAlways = false } = {}) {
      const followed = new Set(meetings.map(({ meetingId }) => meetingId));
      for (const [meetingId, box] of boxes) if (!followed.has(meetingId)) (box.element.remove(), boxes.delete(meetingId));
      for (const meeting of meetings) if (!boxes.has(meeting.meetingId)) boxes.set(meeting.meetingId, figureBox(meeting, isAlways));
      element.replaceChildren(...[...boxes.values()].map((box) => box.element));
      await Promise.all([...boxes.values()].map((box) => box.refresh()));
    },
  };
}

function figureBox(meeting, isAlways) {
  const values = new Map(FIGURES.map((name) => [name, h("dd", { class: "figure" }, "–")]));
  const state = h("span", { class: "state" });
  const head = isAlways ? state : [h("a", { href: `#/insights/meetings/${meeting.meetingId}` }, meeting.title), state];
  const element = h("section", { class: "live-box", "aria-label": meeting.title }, h("h2", {}, head),
    h("dl", { class: "tiles" }, FIGURES.map((name) => h("div", { class: "tile" }, h("dt", {}, t(name)), values.get(name)))));
  let timer = 0;
  const refresh = async () => {
    const found = await api.get(`/api/analytics/meetings/${meeting.meetingId}/realtime`);
    const sum = (name) => found.windows.reduce((total, one) => total + one[name], 0);
    const fresh = {
      score: found.isEnough ? formatScore(found.productivityScore) : "–",
      tickets: formatNumber(found.ticketCount),
      actionable: formatNumber(found.actionableCount),
      statusUpdates: formatNumber(sum("statusUpdates")),
      blockers: formatNumber(sum("blockers")),
      speechMinutes: formatNumber(sum("talkS") / 60, { most: 1 }),
    };
    for (const [name, value] of values) value.textContent = fresh[name];
    state.textContent = t(found.state === "LIVE" ? "live" : "ended");
    state.className = `state ${found.state.toLowerCase()}`;
  };
  const refreshSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => element.isConnected && refresh().catch(() => {}), SETTLE_MS);
  };
  return { element, refresh, refreshSoon };
}
