// The small inbox of a meeting's suggestions: accept with `y`, reject with `n`.

import * as api from "./api.js";
import { h, replace, toast } from "./dom.js";
import { t } from "./i18n.js";
import { loadTickets, on, state } from "./state.js";

export function suggestionInbox(meetingId, signal) {
  const box = h("div", { class: "suggestions" });
  const load = async () => {
    const found = await api.get(`/api/suggestions?groupId=${state.group.groupId}&meetingId=${meetingId}`);
    replace(box, found.length ? h("h3", {}, `${t("suggestions")} (${found.length})`) : null, found.map((one) => row(one, load)));
  };
  load().catch((error) => toast(error.message, { isError: true }));
  on("event", ({ topic }) => /^(ticket|suggestion|meeting)\./.test(topic) && load().catch(() => {}), signal);
  return box;
}

function row(suggestion, reload) {
  const decide = async (decision) => {
    try {
      await api.post(`/api/suggestions/${suggestion.suggestionId}/${decision}`);
      await Promise.all([reload(), loadTickets()]);
    } catch (error) {
      toast(`${t("failed")} ${error.message}`, { isError: true });
    }
  };
  const keys = { y: "accept", n: "reject" };
  const [said] = suggestion.evidence ?? [];
  const { op, status, title } = suggestion.operation;
  const target = status ?? { complete: "DONE", reopen: "IN_PROGRESS", create: "TODO" }[op];
  const ticket = state.tickets.get(suggestion.ticketId);
  return h("div", { class: "suggestion", tabIndex: 0, onkeydown: (event) => keys[event.key] && decide(keys[event.key]) },
    h("p", {}, `${ticket?.title ?? title}${target ? ` → ${t(target)}` : ""}`),
    said ? h("p", { class: "quiet" }, `${said.speaker ?? ""} “${said.quote}”`) : null,
    h("button", { onclick: () => decide("accept") }, t("accept")), h("button", { class: "link", onclick: () => decide("reject") }, t("reject")));
}
