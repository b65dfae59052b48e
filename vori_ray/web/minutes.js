// The minutes of a meeting: read, edit in place, copy, download.

import * as api from "./api.js";
import { h, replace, toast } from "./dom.js";
import { t } from "./i18n.js";
import { markdown } from "./markdown.js";

const POLL_MS = 1000;
const FORMATS = ["md", "srt", "vtt", "csv", "json"];

export async function minutesView(meetingId) {
  const meeting = await api.get(`/api/meetings/${meetingId}`);
  const body = h("article", { class: "minutes" });
  const head = h("div", { class: "bar" }, h("h1", {}, meeting.title),
    h("a", { class: "button", href: `#/meetings/${meetingId}` }, t("room")), downloads(meetingId));
  await show(meetingId, body);
  return [head, body];
}

async function show(meetingId, body) {
  try {
    draw(meetingId, body, await api.get(`/api/meetings/${meetingId}/minutes`));
  } catch (error) {
    if (error.status !== 404) throw error;
    replace(body, h("p", { class: "quiet", role: "status" }, t("noMinutes")));
    setTimeout(() => body.isConnected && show(meetingId, body).catch(() => {}), POLL_MS);
  }
}

function draw(meetingId, body, minutes) {
  const copy = () => navigator.clipboard.writeText(minutes.markdown).then(() => toast(t("copied"), { seconds: 2 }));
  replace(body,
    h("div", { class: "bar" }, h("span", { class: "quiet" }, `${t("writtenBy")} ${minutes.author}`),
      h("button", { onclick: copy }, t("copy")), h("button", { onclick: () => edit(meetingId, body, minutes) }, t("edit"))),
    h("div", { class: "prose" }, markdown(minutes.markdown)));
}

function edit(meetingId, body, minutes) {
  const text = h("textarea", { class: "editor", rows: 30, value: minutes.markdown, "aria-label": t("minutes") });
  const save = async () => {
    try {
      draw(meetingId, body, await api.put(`/api/meetings/${meetingId}/minutes`, { markdown: text.value, version: minutes.version }));
    } catch (error) {
      toast(`${t("failed")} ${error.message}`, { isError: true });
    }
  };
  replace(body, h("div", { class: "bar" }, h("button", { class: "primary", onclick: save }, t("save")),
    h("button", { onclick: () => draw(meetingId, body, minutes) }, t("cancel"))), text);
  text.focus();
}

function downloads(meetingId) {
  return h("span", { class: "downloads" }, `${t("download")} `,
    FORMATS.map((format) => [h("a", { href: `/api/meetings/${meetingId}/transcript?format=${format}`, download: `meeting-${meetingId}.${format}` }, format.toUpperCase()), " "]));
}
