// The shell: sign in, the rail, the top bar, keys, and which view is open (by the address after `#`).

import * as api from "./api.js";
import { h, icon, replace, toast } from "./dom.js";
import { language, setLanguage, t } from "./i18n.js";
import { AUTOMATIC, chooseGroup, emit, loadSession, on, state } from "./state.js";
import { boardView } from "./board.js";
import { insightsView, meetingInsightsView } from "./insights.js";
import { meetingsView, startMeeting } from "./meetings.js";
import { minutesView } from "./minutes.js";
import { roomView } from "./room.js";
import { searchView } from "./search.js";
import { settingsView } from "./settings.js";
import { openTicket } from "./ticket-panel.js";
import { bell } from "./notifications.js";

const VIEWS = [
  [/^#\/meetings\/(\d+)\/minutes$/, (id) => minutesView(Number(id))],
  [/^#\/meetings\/(\d+)$/, (id, signal) => roomView(Number(id), signal)],
  [/^#\/insights\/meetings\/(\d+)$/, (id, signal) => meetingInsightsView(Number(id), signal)],
  [/^#\/insights$/, (_, signal) => insightsView(signal)],
  [/^#\/board$/, (_, signal) => boardView(signal)],
  [/^#\/settings$/, () => settingsView(render)],
  [/^#\/search\/(.+)$/, (words) => searchView(decodeURIComponent(words))],
  [/^/, (_, signal) => meetingsView(signal)],
];
const RAIL = [
  ["meetings", "#/meetings", "M4 6h16M4 12h16M4 18h10"],
  ["board", "#/board", "M5 4v16M12 4v10M19 4v13"],
  ["insights", "#/insights", "M4 20h16M7 20v-6M12 20V6M17 20v-9"],
  ["settings", "#/settings", "M12 9a3 3 0 100 6 3 3 0 000-6zM12 3v3M12 18v3M3 12h3M18 12h3"],
];
const KEYS = [
  ["g m", "meetings"],
  ["g b", "board"],
  ["g i", "insights"],
  ["c", "newTicket"],
  ["/", "search"],
  ["1 2 3", "status"],
  ["y n e", "suggestions"],
  ["Esc", "close"],
];

const app = document.getElementById("app");
let leaving = new AbortController();

async function start() {
  setLanguage(language());
  setTheme(document.cookie.match(/vori_theme=(\w+)/)?.[1] ?? "auto");
  try {
    await loadSession();
  } catch (error) {
    if (error.status !== 401) toast(`${t("failed")} ${error.message}`, { isError: true });
    return showSignIn();
  }
  render();
}

function showSignIn() {
  const input = h("input", { type: "password", id: "token", autocomplete: "current-password", required: true });
  const problem = h("p", { class: "problem", role: "alert" });
  const submit = async (event) => {
    event.preventDefault();
    try {
      await api.signIn(input.value.trim());
      await start();
    } catch (error) {
      problem.textContent = error.status === 401 ? t("wrongToken") : error.message;
    }
  };
  const form = h("form", { class: "sign-in", onsubmit: submit },
    h("h1", {}, "VORI"), h("p", { class: "quiet" }, t("signInHint")),
    h("label", { for: "token" }, t("token")), input, problem, h("button", { class: "primary" }, t("signIn")));
  replace(app, form);
  input.focus();
}

function render() {
  const rail = h("nav", { class: "rail", "aria-label": "VORI" },
    RAIL.map(([name, href, path]) => h("a", { href, dataset: { name } }, icon(path), h("span", {}, t(name)))));
  replace(app, rail, topBar(), h("main", { id: "main", tabIndex: -1 }));
  route();
}

function topBar() {
  const groups = h("select", { "aria-label": t("group"), onchange: async ({ target }) => {
    await chooseGroup(state.groups.find(({ groupId }) => groupId === Number(target.value)));
    route();
  } }, state.groups.map((group) => h("option", { value: group.groupId, selected: group === state.group }, group.name)));
  const words = h("input", { type: "search", id: "search", placeholder: `${t("searchHint")}  /`, "aria-label": t("search") });
  const search = h("form", { class: "search", role: "search", onsubmit: (event) => {
    event.preventDefault();
    if (words.value.trim()) location.hash = `#/search/${encodeURIComponent(words.value.trim())}`;
  } }, words);
  const languages = h("select", { "aria-label": t("language"), onchange: ({ target }) => (setLanguage(target.value), render()) },
    [["ko", "한국어"], ["en", "English"]].map(([code, name]) => h("option", { value: code, selected: code === language() }, name)));
  const theme = h("button", { class: "icon", "aria-label": t("light"), title: t("light"), onclick: toggleTheme }, "◐");
  return h("header", { class: "top" }, h("strong", { class: "brand" }, "VORI"), groups, search, bell(), languages, theme);
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
}

function toggleTheme() {
  const isDark = getComputedStyle(document.documentElement).getPropertyValue("--is-dark").trim() === "1";
  const theme = isDark ? "light" : "dark";
  document.cookie = `vori_theme=${theme}; path=/; max-age=31536000; SameSite=Strict`;
  setTheme(theme);
  emit("theme");
}

async function route() {
  const main = document.getElementById("main");
  if (!main) return;
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const hash = location.hash || "#/meetings";
  for (const link of document.querySelectorAll(".rail a")) {
    link.toggleAttribute("aria-current", hash.startsWith(link.getAttribute("href")));
  }
  replace(main, h("p", { class: "quiet" }, t("loading")));
  const [pattern, view] = VIEWS.find(([candidate]) => candidate.test(hash));
  try {
    const content = await view(hash.match(pattern)[1], signal);
    if (!signal.aborted) replace(main, content);
  } catch (error) {
    if (error.status === 401) return showSignIn();
    replace(main, h("p", { class: "problem" }, `${t("failed")} ${error.message}`));
  }
}

function showKeys() {
  const dialog = h("dialog", { class: "keys", "aria-label": t("keys"), onclose: () => dialog.remove() },
    h("h2", {}, t("keys")), h("dl", {}, KEYS.map(([keys, name]) => [h("dt", {}, h("kbd", {}, keys)), h("dd", {}, t(name))])),
    h("form", { method: "dialog" }, h("button", {}, t("close"))));
  document.body.append(dialog);
  dialog.showModal();
}

let lastKey = "";
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select, [contenteditable=true]");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !state.user) return;
  const chord = lastKey === "g" ? `g ${event.key}` : event.key;
  lastKey = event.key;
  const actions = {
    "g m": () => (location.hash = "#/meetings"),
    "g b": () => (location.hash = "#/board"),
    "g i": () => (location.hash = "#/insights"),
    "/": () => document.getElementById("search").focus(),
    "?": showKeys,
    c: () => openTicket(null),
  };
  if (!actions[chord]) return;
  event.preventDefault();
  actions[chord]();
});

addEventListener("hashchange", route);
on("connection", (connection) => connection === "caught up" && toast(t("missed"), { seconds: 4 }));
on("ticket.updated", (payload) => {
  if (payload.actor !== AUTOMATIC || payload.oldStatus === payload.newStatus) return;
  const [said] = payload.evidence ?? [];
  const words = said ? ` ${said.speaker ? `${said.speaker}: ` : ""}“${said.quote}”` : "";
  toast(`${t("moved")} “${payload.ticket.title}” ${t("to")} ${t(payload.newStatus)}.${words}`, {
    action: t("undo"),
    onaction: () => api.post(`/api/tickets/${payload.ticket.ticketId}/undo`).catch((error) => toast(error.message, { isError: true })),
  });
});
on("start-meeting", startMeeting);

start();
