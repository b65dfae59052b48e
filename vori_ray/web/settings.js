// Settings of the group and of this browser.

import * as api from "./api.js";
import { h, toast } from "./dom.js";
import { t } from "./i18n.js";
import { state } from "./state.js";

export function settingsView() {
  const words = h("textarea", { id: "vocabulary", rows: 8, value: (state.group.vocabulary ?? []).join("\n") });
  const save = async (event) => {
    event.preventDefault();
    const vocabulary = words.value.split("\n").map((word) => word.trim()).filter(Boolean);
    try {
      Object.assign(state.group, await api.patch(`/api/groups/${state.group.groupId}`, { vocabulary }));
      toast(t("saved"), { seconds: 2 });
    } catch (error) {
      toast(`${t("failed")} ${error.message}`, { isError: true });
    }
  };
  const leave = async () => {
    await api.signOut();
    location.reload();
  };
  return [
    h("h1", {}, t("settings")),
    h("p", {}, `${state.user.name} · ${state.user.email}`),
    h("form", { class: "settings", onsubmit: save }, h("label", { for: "vocabulary" }, t("vocabulary")), words, h("button", { class: "primary" }, t("save"))),
    h("button", { onclick: leave }, t("signOut")),
  ];
}
