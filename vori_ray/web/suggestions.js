// The small inbox of a meeting's suggestions: accept with `y`, reject with `n`, accept and edit with `e`.

import * as api from "./api.js";
import { h, replace, toast } from "./dom.js";
import { t } from "./i18n.js";
import { loadTickets, on, state } from "./state.js";
import { openTicket } from "./ticket-panel.js";

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
      const done = await api.post(`/api/suggestions/${suggestion.suggestionId}/${decision}`);
      await Promise.all([reload(), loadTickets()]);
      return done;
    } catch (error) {
      toast(`${t("failed")} ${error.message}`, { isError: true });
    }
  };
  const edit = async () => {
    const ticket = await decide("accept");
    if (ticket) await openTicket(ticket.ticketId);
  };
  const keys = { y: () => decide("accept"), n: () => decide("reject"), e: edit };
  const [said] = suggestion.evidence ?? [];
  const { op, status, title } = suggestion.operation;
  const target = status ?? { complete: "DONE", reopen: "IN_PROGRESS", create: "TODO" }[op];
  const ticket = state.tickets.get(suggestion.ticketId);
  return h("div", { class: "suggestion", tabIndex: 0, onkeydown: (event) => keys[event.key]?.() },
    h("p", {}, `${ticket?.title ?? title}${target ? ` → ${t(target)}` : ""}`),
    said ? h("p", { class: "quiet" }, `${said.speaker ?? ""} “${said.quote}”`) : null,
    h("button", { onclick: keys.y }, t("accept")), h("button", { onclick: edit }, t("acceptAndEdit")), h("button", { class: "link", onclick: keys.n }, t("reject")));
}
