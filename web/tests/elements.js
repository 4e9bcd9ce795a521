// A document for the tests of modules that make elements and read nothing back from a page.

class Element {
  constructor(tag) {
    this.tag = tag;
    this.attributes = {};
    this.children = [];
    this.style = {};
  }

  setAttribute(name, value) {
    this.attributes[name] = String(value);
  }

  addEventListener() {}

  append(...children) {
    this.children.push(...children);
  }
}

globalThis.document = { createElement: (tag) => new Element(tag) };

/** An element as nested lists, which are easy to compare: a tag and its children. */
export function outline(node) {
  return typeof node === "string" ? node : [node.tag, ...node.children.map(outline)];
}
