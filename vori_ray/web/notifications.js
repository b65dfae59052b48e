// The bell: how many notifications are unread, and what they say.

import * as api from "./api.js";
import { h, icon, replace } from "./dom.js";
import { formatDate, t } from "./i18n.js";
import { on } from "./state.js";
import { openTicket } from "./ticket-panel.js";

export function bell() {
  const count = h("span", { class: "badge", hidden: true });
  const list = h("div", { class: "menu", hidden: true, role: "menu" });
  const button = h("button", { class: "icon", "aria-label": t("notifications"), "aria-haspopup": "menu", onclick: () => toggle(list, load) }, icon("M6 16V11a6 6 0 0112 0v5l2 2H4zM10 21h4"), count);
  const load = async () => {
    const { unread, notifications } = await api.get("/api/notifications");
    count.textContent = String(unread);
    count.hidden = unread === 0;
    replace(list, notifications.length ? notifications.map((one) => row(one, load)) : h("p", { class: "quiet" }, t("noNotifications")));
  };
  load().catch(() => {});
  on("event", ({ topic }) => topic.startsWith("ticket.") && load().catch(() => {}));
  return h("div", { class: "bell" }, button, list);
}

function toggle(list, load) {
  list.hidden = !list.hidden;
  if (!list.hidden) load().catch(() => {});
}

function row(notification, reload) {
  const open = async () => {
    await api.post(`/api/notifications/${notification.notificationId}/read`);
    if (notification.payload.ticketId) openTicket(notification.payload.ticketId);
    await reload();
  };
  return h("button", { class: notification.readAt ? "row" : "row unread", role: "menuitem", onclick: open },
    notification.payload.title ?? notification.kind, h("time", { class: "quiet" }, formatDate(notification.createdAt)));
}
