// One ticket: edit, evidence, history, comments. Also makes a new one.

import * as api from "./api.js";
import { clock, h, replace, toast } from "./dom.js";
import { formatDate, t } from "./i18n.js";
import { AUTOMATIC, changeTicket, loadTickets, state } from "./state.js";

const STATUSES = ["TODO", "IN_PROGRESS", "DONE"];
const PRIORITIES = ["", "low", "medium", "high"];
let panel = null;

export function closePanel() {
  panel?.remove();
  panel = null;
}

/** Open a ticket beside the page; null opens an empty one. */
export async function openTicket(ticketId, meetingId = null) {
  closePanel();
  const opener = document.activeElement;
  panel = h("aside", { class: "panel", role: "dialog", "aria-label": t("newTicket"), onkeydown: (event) => {
    if (event.key !== "Escape") return;
    closePanel();
    opener?.focus();
  } });
  document.body.append(panel);
  const ticket = ticketId === null ? { status: "TODO", labels: [], meetingId } : await api.get(`/api/tickets/${ticketId}`);
  draw(ticket);
}

function draw(ticket) {
  const fields = inputs(ticket);
  const save = () => (ticket.ticketId ? update(ticket, read(fields)) : create(ticket, read(fields)));
  const form = h("form", { onsubmit: (event) => (event.preventDefault(), save()) },
    fields.title,
    h("div", { class: "fields" },
      labelled(t("status"), fields.status), labelled(t("owner"), fields.assignee), labelled(t("due"), fields.dueDate),
      labelled(t("priority"), fields.priority), labelled(t("labels"), fields.labels)),
    labelled(t("details"), fields.content),
    h("div", { class: "bar" }, h("button", { class: "primary" }, t("save")),
      h("button", { type: "button", onclick: closePanel }, t("close")),
      ticket.ticketId && h("button", { type: "button", class: "link danger", onclick: () => destroy(ticket) }, t("delete"))));
  replace(panel, form, ticket.ticketId ? [evidence(ticket), history(ticket), comments(ticket)] : null);
  fields.title.focus();
}

function inputs(ticket) {
  const select = (values, current) => h("select", {}, values.map((value) => h("option", { value, selected: value === (current ?? "") }, value ? t(value) : "–")));
  return {
    title: h("input", { class: "title", required: true, maxLength: 100, value: ticket.title ?? "", "aria-label": t("meetingTitle") }),
    status: select(STATUSES, ticket.status),
    assignee: h("input", { value: ticket.assignee ?? "", placeholder: t("nobody") }),
    dueDate: h("input", { type: "date", value: ticket.dueDate ?? "" }),
    priority: select(PRIORITIES, ticket.priority),
    labels: h("input", { value: (ticket.labels ?? []).join(", ") }),
    content: h("textarea", { rows: 4, value: ticket.content ?? "" }),
  };
}

function read(fields) {
  return {
    title: fields.title.value.trim(),
    status: fields.status.value,
    assignee: fields.assignee.value.trim() || null,
    dueDate: fields.dueDate.value || null,
    priority: fields.priority.value || null,
    labels: fields.labels.value.split(",").map((label) => label.trim()).filter(Boolean),
    content: fields.content.value,
  };
}

const labelled = (name, input) => h("label", {}, h("span", {}, name), input);
const failed = (error) => toast(`${t("failed")} ${error.message}`, { isError: true });

async function create(ticket, values) {
  try {
    await api.post("/api/tickets", { ...values, groupId: state.group.groupId, meetingId: ticket.meetingId });
    await loadTickets();
    closePanel();
  } catch (error) {
    failed(error);
  }
}

async function update(ticket, values) {
  const changes = Object.fromEntries(Object.entries(values).filter(([name, value]) => String(value ?? "") !== String(ticket[name] ?? "")));
  if (!Object.keys(changes).length) return closePanel();
  state.tickets.set(ticket.ticketId, ticket);
  let conflicted = false;
  await changeTicket(ticket, changes, { onconflict: (theirs) => ((conflicted = true), showConflict(theirs, changes)), onerror: (error) => ((conflicted = true), failed(error)) });
  if (!conflicted) closePanel();
}

function showConflict(theirs, mine) {
  const differences = Object.keys(mine).map((name) => h("li", {}, `${name}: “${theirs[name] ?? ""}” / “${mine[name] ?? ""}”`));
  replace(panel, h("p", { class: "problem" }, t("conflict")), h("ul", {}, differences),
    h("div", { class: "bar" },
      h("button", { class: "primary", onclick: () => update(theirs, { ...theirs, ...mine }) }, t("takeMine")),
      h("button", { onclick: () => draw(theirs) }, t("takeTheirs"))));
}

async function destroy(ticket) {
  await api.remove(`/api/tickets/${ticket.ticketId}`).catch(failed);
  await loadTickets();
  closePanel();
}

function evidence(ticket) {
  if (!ticket.evidence?.length) return null;
  return h("section", {}, h("h3", {}, t("evidence")), ticket.evidence.map((said) =>
    h("blockquote", {}, playButton(said), h("span", { class: "quiet" }, `${clock(said.start_s ?? 0)} ${said.speaker ?? ""} `), said.quote)));
}

/** Plays the seconds in which a quote was said. */
function playButton({ meeting_id, segment_id }) {
  if (!meeting_id || !segment_id) return null;
  const sound = new Audio();
  sound.addEventListener("error", () => toast(t("noSound"), { isError: true }));
  const play = () => {
    sound.src ||= `/api/meetings/${meeting_id}/segments/${segment_id}/audio`;
    sound.currentTime = 0;
    return sound.play().catch(() => {}); // the error event has said it
  };
  return h("button", { type: "button", class: "icon play", "aria-label": t("play"), title: t("play"), onclick: play }, "▶");
}

function history(ticket) {
  const list = h("ul", { class: "history" });
  api.get(`/api/tickets/${ticket.ticketId}/history`).then((entries) => replace(list, entries.map((entry) => sentence(ticket, entry))), failed);
  return h("section", {}, h("h3", {}, t("history")), list);
}

function sentence(ticket, entry) {
  const what = entry.newStatus && entry.newStatus !== entry.oldStatus ? `${entry.oldStatus ? `${t(entry.oldStatus)} → ` : ""}${t(entry.newStatus)}` : entry.action;
  const undo = async () => {
    await api.post(`/api/tickets/${ticket.ticketId}/undo`, { historyId: entry.historyId }).catch(failed);
    await loadTickets();
    draw(await api.get(`/api/tickets/${ticket.ticketId}`));
  };
  return h("li", {}, `${entry.actor}: ${what} `, h("time", { class: "quiet" }, formatDate(entry.changedAt)),
    entry.actor === AUTOMATIC ? h("button", { class: "link", onclick: undo }, t("undo")) : null);
}

function comments(ticket) {
  const list = h("ul", { class: "comments" });
  const input = h("input", { placeholder: t("addComment"), "aria-label": t("addComment") });
  const load = async () => replace(list, (await api.get(`/api/tickets/${ticket.ticketId}/comments`)).map((comment) =>
    h("li", {}, h("strong", {}, comment.author), ` ${comment.text} `, h("time", { class: "quiet" }, formatDate(comment.createdAt)))));
  load().catch(failed);
  const add = async (event) => {
    event.preventDefault();
    if (!input.value.trim()) return;
    await api.post(`/api/tickets/${ticket.ticketId}/comments`, { text: input.value.trim() }).catch(failed);
    input.value = "";
    await load();
  };
  return h("section", {}, h("h3", {}, t("comments")), list, h("form", { onsubmit: add }, input));
}
