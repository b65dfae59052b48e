// The small part of Markdown that minutes use, as DOM nodes: headings, lists, paragraphs, quotes, tables, bold.

import { h } from "./dom.js";

export function markdown(source) {
  const blocks = [];
  for (const line of source.split("\n")) {
    const previous = blocks.at(-1);
    const [, marks, heading] = line.match(/^(#{1,4}) (.*)/) ?? [];
    const [, item] = line.match(/^\s*[-*] (.*)/) ?? [];
    if (heading) blocks.push(h(`h${Math.min(6, marks.length + 1)}`, {}, inline(heading)));
    else if (item !== undefined) listOf(blocks, previous).append(h("li", {}, inline(item)));
    else if (line.startsWith("|")) addRow(blocks, previous, line);
    else if (line.startsWith(">")) blocks.push(h("blockquote", {}, inline(line.slice(1).trim())));
    else if (line.trim()) blocks.push(h("p", {}, inline(line)));
    else blocks.push(h("span", { hidden: true }));
  }
  return blocks;
}

function listOf(blocks, previous) {
  if (previous?.tagName === "UL") return previous;
  blocks.push(h("ul"));
  return blocks.at(-1);
}

function addRow(blocks, previous, line) {
  const cells = line.split("|").slice(1, -1).map((cell) => cell.trim());
  if (cells.every((cell) => /^:?-+:?$/.test(cell))) return;
  const isFirst = previous?.tagName !== "TABLE";
  if (isFirst) blocks.push(h("table"));
  blocks.at(-1).append(h("tr", {}, cells.map((cell) => h(isFirst ? "th" : "td", {}, inline(cell)))));
}

function inline(text) {
  return text.split(/(\*\*[^*]+\*\*|_[^_]+_)/).map((part) =>
    part.startsWith("**") ? h("strong", {}, part.slice(2, -2)) : /^_[^_]+_$/.test(part) ? h("em", {}, part.slice(1, -1)) : part);
}
