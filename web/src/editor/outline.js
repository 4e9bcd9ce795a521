// What is what in a Flow JSON that may be half written: which kind of object stands where.
import { syntaxTree } from "@codemirror/language";

const NOTHING = { texts: [], bare: [], kind: "enum" };

export class Outline {
  constructor(state, words) {
    this.state = state;
    this.words = words;
    this.root = syntaxTree(state).topNode.getChild("Object");
    this.version = this.root ? this.stringIn(this.root, "version") : null;
  }

  // A string or a name without its quotes.
  text(node) {
    return this.state.sliceDoc(node.from, node.to).replace(/^"|"$/g, "");
  }

  namesIn(object) {
    return object.getChildren("Property").map((property) => this.nameOf(property));
  }

  nameOf(property) {
    const name = property.getChild("PropertyName");
    return name ? this.text(name) : "";
  }

  valueIn(object, name) {
    const found = object?.getChildren("Property").find((each) => this.nameOf(each) === name);
    return found?.lastChild ?? null;
  }

  stringIn(object, name) {
    const value = this.valueIn(object, name);
    return value?.name === "String" ? this.text(value) : null;
  }

  // The properties an object may have in the version of the text.
  wordsOf(object) {
    const type = this.typeOf(object);
    if (type === "routing") return this.screenIds().map((name) => ({ name, type: "array" }));
    if (type === "value") return ["type", "__example__", "items", "properties"].map(plain);
    return (this.kindOf(object, type)?.words ?? []).filter((word) => this.holds(word));
  }

  // Which kind of object this is, determined by its place.
  typeOf(object) {
    const { owner, name } = this.placeOf(object);
    if (!owner) return "flow";
    const around = this.typeOf(owner);
    if (around === "flow" && name === "routing_model") return "routing";
    if (around === "screen" && name === "data") return "data";
    if (around === "data") return "value";
    if (around === "value") return name === "properties" ? "data" : "value";
    if (around === "cases") return "component";
    const word = this.wordOf(owner, around, name);
    return word ? objectType(word.type) : "unknown";
  }

  // The object and the property that hold a value, through the list it may stand in.
  placeOf(node) {
    let holder = node.parent;
    if (holder?.name === "Array") holder = holder.parent;
    if (holder?.name !== "Property") return { owner: null, name: "" };
    return { owner: holder.parent, name: this.nameOf(holder) };
  }

  kindOf(object, type = this.typeOf(object)) {
    if (type === "component") {
      return this.words.components[this.stringIn(object, "type")] ?? { words: [plain("type")] };
    }
    if (type === "action") {
      return this.words.actions[this.stringIn(object, "name")] ?? { words: [plain("name")] };
    }
    return this.words.objects[type];
  }

  wordOf(object, type, name) {
    const lines = this.kindOf(object, type)?.words.filter((word) => word.name === name) ?? [];
    return lines.find((word) => this.holds(word)) ?? lines[0];
  }

  // The values a string may have at its place.
  valuesAt(node) {
    const { owner, name } = this.placeOf(node);
    return owner ? this.valuesOf(owner, name) : NOTHING;
  }

  valuesOf(object, name) {
    const type = this.typeOf(object);
    const texts = (values, kind = "enum") => ({ texts: values, bare: [], kind });
    if (type === "component" && name === "type") return texts(this.componentNames(), "class");
    if (type === "action" && name === "name") return texts(this.actionNames(object), "function");
    if (type === "NextScreen" && name === "name") return texts(this.screenIds(), "constant");
    if (type === "routing") return texts(this.screenIds(), "constant");
    if (type === "value" && name === "type") return texts(this.words.dataTypes);
    const word = this.wordOf(object, type, name);
    if (!word) return NOTHING;
    const bare = word.type.split(" | ").includes("boolean") ? ["true", "false"] : [];
    return { texts: word.values ?? [], bare, kind: "enum" };
  }

  componentNames() {
    const all = Object.entries(this.words.components);
    return all.filter(([, kind]) => this.holds(kind)).map(([name]) => name);
  }

  actionNames(object) {
    const { owner, name } = this.placeOf(object);
    const allowed = owner && this.wordOf(owner, this.typeOf(owner), name)?.actions;
    const all = Object.keys(this.words.actions).filter((each) =>
      this.holds(this.words.actions[each]),
    );
    return allowed?.length ? all.filter((each) => allowed.includes(each)) : all;
  }

  screens() {
    const list = this.root && this.valueIn(this.root, "screens");
    return list?.getChildren("Object") ?? [];
  }

  screenIds() {
    return this.screens()
      .map((screen) => this.stringIn(screen, "id"))
      .filter(Boolean);
  }

  // The bindings that can be used on the screen around a node.
  bindingsAt(node) {
    const screen = this.screens().find((each) => each.from <= node.from && node.to <= each.to);
    if (!screen) return [];
    const data = this.valueIn(screen, "data");
    const own = data ? this.namesIn(data).map((name) => `\${data.${name}}`) : [];
    const inputs = this.inputsIn(screen).map((name) => `\${form.${name}}`);
    return [...own, ...new Set(inputs)];
  }

  inputsIn(screen) {
    const found = [];
    screen.cursor().iterate((each) => {
      if (each.name !== "Object") return;
      const kind = this.words.components[this.stringIn(each.node, "type")];
      const name = kind && kind.category !== "container" && this.stringIn(each.node, "name");
      if (name) found.push(name);
    });
    return found;
  }

  // Whether a word or a kind exists in the version the text is written in.
  holds({ since, until }) {
    const at = number(this.version);
    if (at === null) return true;
    return (!since || at >= number(since)) && (!until || at < number(until));
  }
}

const plain = (name) => ({ name, type: "string" });

// "array<screen>" and "string | dates" say which object a property holds.
function objectType(type) {
  const inner = /array<(\w+)>/.exec(type)?.[1] ?? type;
  return inner === "components" ? "component" : inner;
}

function number(version) {
  const match = /^(\d+)\.(\d+)$/.exec(version ?? "");
  return match ? Number(match[1]) * 1000 + Number(match[2]) : null;
}
