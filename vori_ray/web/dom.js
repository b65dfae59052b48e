// Small helpers around the DOM. Text is always set as text, never as HTML.

/** Make an element: `h("button", { class: "big", onclick }, "Save", icon)`. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (name in element && name !== "list" && name !== "role") element[name] = value;
    else element.setAttribute(name === "class" ? "class" : name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function replace(parent, ...children) {
  parent.replaceChildren(...children.flat(Infinity).filter(Boolean));
  return parent;
}

/** Say something to a screen reader; errors interrupt, the rest waits its turn. */
export function announce(text, { assertive = false } = {}) {
  document.getElementById(assertive ? "assertive" : "polite").textContent = text;
}

/** Show a short message, with one optional action, until it is dismissed or has been read. */
export function toast(text, { action, onaction, isError = false, seconds = 8 } = {}) {
  const box = h("div", { class: isError ? "toast error" : "toast" }, h("span", {}, text));
  const close = () => box.remove();
  if (action) box.append(h("button", { class: "link", onclick: () => (close(), onaction()) }, action));
  box.append(h("button", { class: "icon", "aria-label": "Close", onclick: close }, "×"));
  document.getElementById("toasts").append(box);
  announce(text, { assertive: isError });
  setTimeout(close, seconds * 1000);
  return box;
}

/** A line drawing of 24 x 24 units, in the text's colour. */
export function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "drawing");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export function clock(seconds) {
  const total = Math.max(0, Math.floor(seconds));
  const pad = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(total / 3600);
  return (hours ? `${hours}:` : "") + `${pad(Math.floor((total % 3600) / 60))}:${pad(total % 60)}`;
}
