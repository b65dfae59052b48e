// The voices that were told apart in a meeting: a click on one says who it is.

import * as api from "./api.js";
import { h, toast } from "./dom.js";
import { t } from "./i18n.js";

/** Ask what the speaker `name` is called; `onrenamed(to)` once the server knows. Speakers who named themselves stay. */
export async function renameSpeaker(meetingId, name, onrenamed) {
  const speakers = await api.get(`/api/meetings/${meetingId}/speakers`);
  const voices = speakers.filter((speaker) => speaker.name === name);
  if (!voices.length) return toast(t("notTold"));
  const input = h("input", { value: name, required: true, maxLength: 100, "aria-label": t("whoIs") });
  const rename = async () => {
    const to = input.value.trim();
    if (!to || to === name) return;
    try {
      for (const { speakerId } of voices) await api.patch(`/api/meetings/${meetingId}/speakers/${speakerId}`, { name: to });
      onrenamed(to);
    } catch (error) {
      toast(`${t("failed")} ${error.message}`, { isError: true });
    }
  };
  const dialog = h("dialog", { class: "keys", "aria-label": t("whoIs"), onclose: () => dialog.remove() },
    h("form", { method: "dialog", onsubmit: rename }, h("h2", {}, `${t("whoIs")} ${name}?`),
      h("div", { class: "bar" }, input, h("button", { class: "primary" }, t("save")),
        h("button", { type: "button", onclick: () => dialog.close() }, t("cancel")))));
  document.body.append(dialog);
  dialog.showModal();
  input.select();
}
