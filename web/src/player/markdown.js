// The markdown that RichText and `markdown: true` know, as elements. Never as markup: an author's
// `<b>` is five characters of text.

import { h, openable, picture, shortened } from "./dom.js";

// Bold text may hold single stars, and of three stars in a row one belongs to italic text within.
const INLINE =
  /(!\[(?<alt>[^\]]*)\]\((?<image>[^)\s]*)\))|(\[(?<text>[^\]]+)\]\((?<link>(?:[^()\s]|\([^()\s]*\))+)\))|(?<bold>\*\*(?!\*\*)(?:[^*]|\*(?!\*)|\*(?=\*\*))+?\*\*(?!\*))|(?<italic>\*[^*\s](?:[^*]*[^*\s])?\*)|(?<struck>~~[^~]+~~)/;
const IMAGE = /\(data:image\/[a-z+.-]+;base64,([A-Za-z0-9+/=]+)\)/gi;
const LONGEST_LINE = 4000;
const MOST_BLOCKS = 500;

/** Blocks of a document. `rich` also knows headings, images and tables. */
export function markdown(source, rich) {
  // Set aside: they are far longer than any text.
  const images = [];
  const aside = source.replace(IMAGE, (_, base64) => `(image:${images.push(base64) - 1})`);
  const lines = shortened(aside).split("\n");
  const inline = (text) => spans(text, rich ? images : null, 0);
  const blocks = [];
  let at = 0;
  while (at < lines.length && blocks.length < MOST_BLOCKS) {
    const line = lines[at].slice(0, LONGEST_LINE);
    const heading = rich && /^(#{1,6})\s+(.*)$/.exec(line);
    const kind = listKind(line);
    if (heading) {
      blocks.push(
        h(
          "p",
          { class: ["", "heading", "subheading"][heading[1].length] ?? "body" },
          ...inline(heading[2]),
        ),
      );
      at += 1;
    } else if (kind) {
      const items = [];
      while (at < lines.length && listKind(lines[at]) === kind) {
        items.push(h("li", {}, ...inline(lines[at].replace(/^\s*([-+]|\d{1,9}\.)\s+/, ""))));
        at += 1;
      }
      blocks.push(h(kind, {}, ...items));
    } else if (rich && isTable(lines, at)) {
      const from = at;
      while (at < lines.length && lines[at].trim().startsWith("|")) at += 1;
      blocks.push(table(lines.slice(from, at), inline));
    } else {
      if (line.trim()) blocks.push(h("p", { class: "body" }, ...inline(line)));
      at += 1;
    }
  }
  return blocks;
}

function listKind(line) {
  if (/^\s*[-+]\s+/.test(line)) return "ul";
  return /^\s*\d{1,9}\.\s+/.test(line) ? "ol" : "";
}

function isTable(lines, at) {
  return lines[at].trim().startsWith("|") && /^\s*\|?[\s:|-]+\|[\s:|-]*$/.test(lines[at + 1] ?? "");
}

function table(lines, inline) {
  const [head, , ...rows] = lines.map((line) =>
    line
      .trim()
      .replace(/^\||\|$/g, "")
      .split("|"),
  );
  const cells = (tag, row) => row.map((cell) => h(tag, {}, ...inline(cell.trim())));
  return h(
    "div",
    { class: "table", tabindex: "0", role: "group", "aria-label": "Table" },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, ...cells("th", head))),
      h("tbody", {}, ...rows.map((row) => h("tr", {}, ...cells("td", row)))),
    ),
  );
}

/** A line's words: bold, italic and struck out ones, links and, where there may be any, images. */
function spans(given, images, depth) {
  let text = given.slice(0, LONGEST_LINE);
  const found = [];
  while (text && depth < 4) {
    const match = INLINE.exec(text);
    if (!match) break;
    if (match.index) found.push(text.slice(0, match.index));
    found.push(span(match, images, depth + 1));
    text = text.slice(match.index + match[0].length);
  }
  if (text) found.push(text);
  return found;
}

function span(match, images, depth) {
  const { alt, image, text, link, bold, italic, struck } = match.groups;
  if (image !== undefined)
    return images ? picture(images[image.replace("image:", "")] ?? "", alt, "in-text") : match[0];
  if (link !== undefined) {
    const address = openable(link);
    if (!address) return text;
    return h(
      "a",
      { href: address, target: "_blank", rel: "noopener noreferrer" },
      ...spans(text, images, depth),
    );
  }
  if (bold) return h("strong", {}, ...spans(bold.slice(2, -2), images, depth));
  if (struck) return h("s", {}, ...spans(struck.slice(2, -2), images, depth));
  return h("em", {}, ...spans(italic.slice(1, -1), images, depth));
}
