// Reports: a sentence that says what the chart shows, the chart, n and interval, and a table of the same rows.
// The chart is an image from this server: nothing in an image can run, and its words stay words for the browser's fonts.

import { h, replace } from "./dom.js";
import { formatDay, formatNumber, formatShare, t } from "./i18n.js";
import { on } from "./state.js";

const NARROW = matchMedia("(max-width: 720px)");
const DARK = matchMedia("(prefers-color-scheme: dark)");

/** The reports below `root`; `query()` gives the parameters of their pictures. Show again: only what differs changes. */
export function reportList(root, query, signal) {
  const element = h("div", { class: "reports" });
  const cards = new Map();
  const redraw = () => cards.forEach((card) => card.draw());
  on("theme", redraw, signal);
  for (const media of [NARROW, DARK]) media.addEventListener("change", redraw, { signal });
  return {
    element,
    show(reports) {
      for (const report of reports) {
        if (!cards.has(report.name)) {
          cards.set(report.name, reportCard(`${root}/charts/${report.name}.svg`, query));
          element.append(cards.get(report.name).element);
        }
        cards.get(report.name).show(report);
      }
    },
  };
}

function reportCard(path, query) {
  const title = h("h2", {});
  const sentence = h("p", { class: "sentence" });
  let picture = h("div", { class: "chart" });
  const note = h("p", { class: "quiet" });
  const table = h("table", {});
  const details = h("details", {}, h("summary", {}, t("table")), h("div", { class: "table" }, table));
  const element = h("section", { class: "report" }, title, sentence, picture, note, details);
  let shown = "";
  let drawings = 0;
  let report = null;
  /** The old picture stays until the new one can be shown. */
  const draw = async () => {
    const drawing = ++drawings;
    if (!report?.isEnough) return;
    const look = { theme: isDark() ? "dark" : "light", size: NARROW.matches ? "narrow" : "wide", drawing };
    const next = h("img", { class: "chart", alt: report.sentence, src: `${path}?${new URLSearchParams({ ...query(), ...look })}` });
    await next.decode().catch(() => {});
    if (drawing !== drawings) return;
    picture.replaceWith(next);
    picture = next;
  };
  return {
    element,
    draw,
    show(fresh) {
      const content = JSON.stringify(fresh);
      if (content === shown) return;
      [report, shown] = [fresh, content];
      element.dataset.name = fresh.name;
      title.textContent = fresh.title;
      sentence.textContent = fresh.sentence;
      sentence.classList.toggle("quiet", !fresh.isEnough);
      note.textContent = fresh.note;
      picture.hidden = !fresh.isEnough;
      note.hidden = !fresh.isEnough;
      details.hidden = !fresh.rows.length;
      replace(table, tableParts(fresh));
      draw();
    },
  };
}

const isDark = () => getComputedStyle(document.documentElement).getPropertyValue("--is-dark").trim() === "1";

function tableParts({ title, columns, rows }) {
  return [
    h("caption", { class: "visually-hidden" }, title),
    h("thead", {}, h("tr", {}, columns.map(({ label, kind }) => h("th", { scope: "col", class: kind }, label)))),
    h("tbody", {}, rows.map((row) => h("tr", {}, columns.map(({ name, kind }) => h("td", { class: kind }, written(row[name], kind)))))),
  ];
}

function written(value, kind) {
  if (value === null || value === undefined) return "–";
  if (kind === "day") return formatDay(`${value}T12:00`);
  if (kind === "share") return formatShare(value);
  return kind === "text" ? value : formatNumber(value);
}
