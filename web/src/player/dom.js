// Making elements. Texts go in as text nodes only: nothing in this folder reads markup.

const SVG = "http://www.w3.org/2000/svg";
let ids = 0;

/** An element: properties that are functions are listeners, `class` and the rest attributes. */
export function h(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== undefined && value !== null)
      node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** An id that no other element of the page has. */
export function freshId() {
  ids += 1;
  return `wp-${ids}`;
}

/** Sets a text if it is another one; an element without text is hidden. */
export function setText(node, text) {
  const cut = shortened(text);
  if (node.textContent !== cut) node.textContent = cut;
  node.hidden = !cut;
}

/** Sets an attribute, or takes it away when the value is empty. */
export function setAttribute(node, name, value) {
  if (value === "" || value === false || value === null || value === undefined) {
    node.removeAttribute(name);
  } else if (node.getAttribute(name) !== String(value)) {
    node.setAttribute(name, value === true ? "" : value);
  }
}

const LONGEST = 20_000;

/** A text that every browser can handle. A cut is marked. */
export function shortened(text) {
  if (text.length <= LONGEST) return text;
  return `${text.slice(0, LONGEST)}… (${(text.length - LONGEST).toLocaleString("en")} more characters)`;
}

/** Whether two JSON values are the same. */
export function same(a, b) {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => same(a[key], b[key]));
}

/** Makes the children of an element follow a list; nodes that stay are not touched. */
export function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
  });
}

const PATHS = {
  close: "M6 6 18 18M18 6 6 18",
  back: "M20 12H4M11 5l-7 7 7 7",
  down: "M6 9l6 6 6-6",
  onward: "M9 6l6 6-6 6",
  previous: "M15 6l-6 6 6 6",
  calendar: "M4 6h16v14H4zM4 10h16M8 3v4M16 3v4",
  photo: "M3 7h4l2-3h6l2 3h4v13H3zM12 17a4 4 0 1 0 0-8 4 4 0 0 0 0 8z",
  document: "M6 3h8l4 4v14H6zM14 3v4h4",
  error: "M12 7v6M12 16.5v.5M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
  tick: "M5 13l4 4L19 7",
  form: "M5 4h14v16H5zM8 9h8M8 13h8M8 17h5",
};

/** A small line drawing; it says nothing to a screen reader. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

const KINDS = [
  ["/9j/", "jpeg"],
  ["iVBOR", "png"],
  ["UklGR", "webp"],
  ["R0lGOD", "gif"],
];

/** The address of an image given as base64; empty when it is none. Nothing else is ever loaded. */
export function imageAddress(given) {
  const base64 = given.replace(/^data:image\/[a-z+.-]+;base64,/i, "").replace(/\s+/g, "");
  const kind = KINDS.find(([start]) => base64.startsWith(start));
  return kind && /^[A-Za-z0-9+/]+=*$/.test(base64) ? `data:image/${kind[1]};base64,${base64}` : "";
}

/** An image, or a grey box in its place, with the problem that keeps it empty. */
export function picture(source, alt, className = "", problem = "") {
  const address = problem ? "" : imageAddress(source);
  if (!address) {
    const name = [alt, problem && `(empty: ${problem})`].filter(Boolean).join(" ");
    const named = name ? { role: "img", "aria-label": name } : { "aria-hidden": "true" };
    const why = problem ? h("span", { class: "why" }, `Empty: ${problem}.`) : "";
    return h("span", { class: `no-picture ${className}`, ...named }, icon("photo"), why);
  }
  return h("img", { class: className, src: address, alt });
}

const OPENED = new Set(["http:", "https:", "mailto:", "tel:"]);

/** An address that a tap may open; null for any other. */
export function openable(address) {
  try {
    const found = new URL(address.trim());
    return OPENED.has(found.protocol) ? found.href : null;
  } catch {
    return null;
  }
}
