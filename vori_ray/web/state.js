// What the whole page knows: who is signed in, the group, its tickets. Views listen; nobody polls.

import * as api from "./api.js";
import { GroupEvents } from "./events.js";

export const state = { user: null, groups: [], group: null, tickets: new Map(), events: null };
/** The actor of what VORI did by itself. */
export const AUTOMATIC = "vori";

export const bus = new EventTarget();

export const emit = (name, detail) => bus.dispatchEvent(new CustomEvent(name, { detail }));

/** Listen until the view is left: pass the view's AbortSignal. */
export const on = (name, handler, signal) => bus.addEventListener(name, (event) => handler(event.detail), { signal });

export async function loadSession() {
  const session = await api.get("/api/session");
  state.user = session;
  state.groups = session.groups;
  await chooseGroup(state.groups[0]);
}

export async function chooseGroup(group) {
  state.events?.close();
  state.group = group;
  state.tickets.clear();
  if (!group) return;
  const events = new GroupEvents(group.groupId);
  for (const topic of ["ticket.created", "ticket.updated"]) {
    events.addEventListener(topic, ({ detail }) => ticketEvent(topic, detail));
  }
  events.addEventListener("any", ({ detail }) => emit("event", detail));
  events.addEventListener("state", ({ detail }) => emit("connection", detail));
  state.events = events;
  events.open();
  await loadTickets();
}

export async function loadTickets() {
  const tickets = await api.get(`/api/tickets?groupId=${state.group.groupId}&limit=500`);
  const known = state.tickets;
  state.tickets = new Map(tickets.map((ticket) => [ticket.ticketId, newer(known.get(ticket.ticketId), ticket)]));
  emit("tickets");
}

/** The newer of two states of a ticket: what was asked for first may come last. */
function newer(known, found) {
  return known?.version > found.version ? known : found;
}

function ticketEvent(topic, payload) {
  const ticket = { ...payload.ticket, version: payload.ticket.ticketVersion };
  const known = state.tickets.get(ticket.ticketId);
  if (payload.changed?.includes("deleted")) state.tickets.delete(ticket.ticketId);
  else state.tickets.set(ticket.ticketId, newer(known, { ...known, ...ticket, evidence: payload.evidence?.length ? payload.evidence : known?.evidence }));
  emit(topic, payload);
  emit("tickets", { fresh: ticket.ticketId });
}

/** Change a ticket at once on the page, then on the server; a conflict is handed to `onconflict(theirs)`. */
export async function changeTicket(ticket, changes, { onconflict, onerror } = {}) {
  const before = state.tickets.get(ticket.ticketId) ?? ticket;
  state.tickets.set(ticket.ticketId, { ...before, ...changes });
  emit("tickets");
  try {
    const saved = await api.patch(`/api/tickets/${ticket.ticketId}`, changes, before.version);
    state.tickets.set(ticket.ticketId, { ...state.tickets.get(ticket.ticketId), ...saved });
  } catch (error) {
    state.tickets.set(ticket.ticketId, newer(state.tickets.get(ticket.ticketId), before));
    if (error.code === "conflict" && onconflict) onconflict(await api.get(`/api/tickets/${ticket.ticketId}`));
    else onerror?.(error);
  }
  emit("tickets");
}
