// What was found in transcripts and tickets.

import * as api from "./api.js";
import { h } from "./dom.js";
import { t } from "./i18n.js";
import { state } from "./state.js";
import { openTicket } from "./ticket-panel.js";

export async function searchView(words) {
  const hits = await api.get(`/api/search?groupId=${state.group.groupId}&q=${encodeURIComponent(words)}`);
  if (!hits.length) return [h("h1", {}, t("search")), h("p", { class: "quiet" }, `${t("noResults")} “${words}”`)];
  return [h("h1", {}, `${t("search")}: ${words}`), h("ul", { class: "hits" }, hits.map(row))];
}

function row(hit) {
  const content = [h("span", { class: "quiet" }, hit.kind === "ticket" ? "☑ " : "❝ "), hit.text];
  if (hit.kind === "ticket") return h("li", {}, h("button", { class: "link", onclick: () => openTicket(hit.ticketId) }, content));
  return h("li", {}, h("a", { href: `#/meetings/${hit.meetingId}` }, content));
}
