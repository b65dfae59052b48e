// The whole group's board, with a filter.

import { h } from "./dom.js";
import { t } from "./i18n.js";
import { lanes } from "./lanes.js";
import { state } from "./state.js";
import { openTicket } from "./ticket-panel.js";

export function boardView(signal) {
  const filter = h("input", { type: "search", placeholder: t("filter"), "aria-label": t("filter") });
  const board = lanes({ isShown: (ticket) => matches(ticket, filter.value), signal });
  filter.addEventListener("input", () => board.draw());
  const empty = state.tickets.size ? null : h("p", { class: "quiet" }, t("noTickets"));
  return [
    h("div", { class: "bar" }, h("h1", {}, t("board")), filter, h("button", { class: "primary", onclick: () => openTicket(null) }, t("newTicket"))),
    empty,
    board,
  ];
}

function matches(ticket, words) {
  const text = `${ticket.title} ${ticket.assignee ?? ""} ${(ticket.labels ?? []).join(" ")} ${ticket.content ?? ""}`.toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
