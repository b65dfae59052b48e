// Turns by speaker. Settled words never change or jump; interim words stand grey at the end and are replaced in place.

import { clock, h } from "./dom.js";
import { t } from "./i18n.js";

const NEAR_BOTTOM_PX = 48;
const LONGEST_TURN_S = 30;

export class Transcript {
  /** `onspeaker(name)` follows a click on who spoke. */
  constructor({ onspeaker }) {
    this.onspeaker = onspeaker;
    this.segments = new Map();
    this.grey = h("span", { class: "interim" });
    this.empty = h("p", { class: "quiet" }, t("noWords"));
    this.list = h("ol", { class: "turns", "aria-live": "polite", "aria-relevant": "additions" });
    this.chip = h("button", { class: "chip", hidden: true, onclick: () => this.#toBottom() }, t("newWords"));
    this.scroller = h("div", { class: "scroller", tabIndex: 0, onscroll: () => this.#isAtBottom() && (this.chip.hidden = true) },
      this.empty, this.list, h("p", { class: "interim-line", "aria-hidden": "true" }, this.grey));
    this.element = h("div", { class: "transcript" }, this.scroller, this.chip);
  }

  /** Add settled segments; one that is known already is left alone. */
  settle(...segments) {
    const wasAtBottom = this.#isAtBottom();
    for (const segment of segments) {
      if (!segment.text || this.segments.has(segment.segment_id)) continue;
      this.#insert(segment);
    }
    this.grey.textContent = "";
    this.#keepUp(wasAtBottom);
  }

  interim(message) {
    const wasAtBottom = this.#isAtBottom();
    this.grey.textContent = message?.text ?? "";
    this.#keepUp(wasAtBottom);
  }

  /** Mark the sentences that a card rests on; none clears the marks. */
  mark(evidence) {
    for (const element of this.segments.values()) element.classList.remove("marked");
    for (const { segment_id } of evidence ?? []) {
      const spoken = this.segments.get(segment_id)?.dataset.utterance;
      for (const element of this.segments.values()) {
        if (spoken && element.dataset.utterance === spoken) element.classList.add("marked");
      }
    }
    const [first] = evidence ?? [];
    if (first) this.segments.get(first.segment_id)?.scrollIntoView({ block: "nearest" });
  }

  #insert(segment) {
    this.empty.remove();
    const utterance = segment.session_id ? `${segment.session_id} ${segment.utterance}` : `segment ${segment.segment_id}`;
    const words = h("span", { class: "segment", lang: segment.language ?? "", dataset: { start: segment.start_s, utterance } }, `${segment.text} `);
    this.segments.set(segment.segment_id, words);
    const after = [...this.list.children].findLast((turn) => Number(turn.dataset.start) <= segment.start_s);
    const goesOn = after?.dataset.speaker === (segment.speaker ?? "") && segment.start_s - Number(after.dataset.start) < LONGEST_TURN_S;
    if (goesOn) after.querySelector(".words").append(words);
    else {
      const turn = h("li", { class: "turn", dataset: { start: segment.start_s, speaker: segment.speaker ?? "" } },
        h("time", {}, clock(segment.start_s)), h("div", {}, this.#speaker(segment.speaker), h("p", { class: "words" }, words)));
      if (after) after.after(turn);
      else this.list.prepend(turn);
    }
  }

  /** Everybody called `from` is called `to` now. */
  rename(from, to) {
    for (const turn of this.list.children) {
      if (turn.dataset.speaker !== from) continue;
      turn.dataset.speaker = to;
      turn.querySelector(".speaker").textContent = to;
    }
  }

  #speaker(name) {
    if (!name) return null;
    return h("button", { class: "link speaker", title: t("rename"), onclick: ({ target }) => this.onspeaker(target.textContent) }, name);
  }

  #isAtBottom() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM_PX;
  }

  #keepUp(wasAtBottom) {
    if (wasAtBottom) this.#toBottom();
    else this.chip.hidden = false;
  }

  #toBottom() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.chip.hidden = true;
  }
}
