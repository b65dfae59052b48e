// Three lanes of cards. Used by the room (one meeting) and the board (the whole group).

import { h, toast } from "./dom.js";
import { formatDay, t } from "./i18n.js";
import { changeTicket, on, state } from "./state.js";
import { openTicket } from "./ticket-panel.js";

const STATUSES = ["TODO", "IN_PROGRESS", "DONE"];
const SHAPES = { TODO: "○", IN_PROGRESS: "◐", DONE: "●" };

/** Lanes that show the tickets for which `isShown(ticket)`; `onhover(ticket | null)` follows the pointer and focus. */
export function lanes({ isShown, onhover = () => {}, signal }) {
  const root = h("div", { class: "lanes", onkeydown: moveByKey });
  const draw = (detail) => {
    const focused = root.contains(document.activeElement) ? document.activeElement.dataset.ticket : null;
    root.replaceChildren(...STATUSES.map((status) => lane(status, isShown, onhover, detail?.fresh)));
    if (focused) root.querySelector(`[data-ticket="${focused}"]`)?.focus();
  };
  on("tickets", draw, signal);
  draw();
  return Object.assign(root, { draw });
}

function lane(status, isShown, onhover, fresh) {
  const tickets = [...state.tickets.values()].filter((ticket) => ticket.status === status && isShown(ticket));
  const drop = (event) => {
    event.preventDefault();
    const ticket = state.tickets.get(Number(event.dataTransfer.getData("text/plain")));
    if (ticket) move(ticket, status);
  };
  return h("section", { class: "lane", dataset: { status }, "aria-label": t(status), ondragover: (event) => event.preventDefault(), ondrop: drop },
    h("h3", {}, h("span", { class: `shape ${status}`, "aria-hidden": "true" }, SHAPES[status]), t(status), h("span", { class: "count" }, String(tickets.length))),
    tickets.map((ticket) => card(ticket, onhover, ticket.ticketId === fresh)));
}

function card(ticket, onhover, isFresh) {
  return h("button", {
    class: isFresh ? "card fresh" : "card", draggable: true, dataset: { ticket: ticket.ticketId, status: ticket.status },
    onclick: () => openTicket(ticket.ticketId),
    ondragstart: (event) => event.dataTransfer.setData("text/plain", String(ticket.ticketId)),
    onmouseenter: () => onhover(ticket), onmouseleave: () => onhover(null),
    onfocus: () => onhover(ticket), onblur: () => onhover(null),
  },
    h("span", { class: "card-title" }, ticket.title),
    h("span", { class: "card-facts" },
      ticket.assignee ? h("span", { class: "owner" }, ticket.assignee) : null,
      ticket.dueDate ? h("time", { class: "due" }, formatDay(`${ticket.dueDate}T12:00`)) : null,
      (ticket.labels ?? []).map((label) => h("span", { class: "label" }, label))));
}

function move(ticket, status) {
  if (ticket.status === status) return;
  changeTicket(ticket, { status }, { onerror: (error) => toast(`${t("failed")} ${error.message}`, { isError: true }) });
}

/** Arrows walk over the cards; 1, 2 and 3 set the status of the card that has the focus. */
function moveByKey(event) {
  const focused = event.target.closest(".card");
  if (!focused) return;
  const status = STATUSES[Number(event.key) - 1];
  if (status) return move(state.tickets.get(Number(focused.dataset.ticket)), status);
  const target = neighbour(focused, event.key);
  if (target) {
    event.preventDefault();
    target.focus();
  }
}

function neighbour(card, key) {
  if (key === "ArrowDown") return card.nextElementSibling;
  if (key === "ArrowUp") return card.previousElementSibling?.matches(".card") ? card.previousElementSibling : null;
  const lane = card.closest(".lane");
  if (key === "ArrowRight") return lane.nextElementSibling?.querySelector(".card");
  if (key === "ArrowLeft") return lane.previousElementSibling?.querySelector(".card");
  return null;
}
