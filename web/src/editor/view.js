// The editor itself: what it shows, which keys it knows, how it looks.
import { json } from "@codemirror/lang-json";
import { syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState, Facet } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import { basicSetup } from "codemirror";

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const LONG = 200_000;
const lineBreak = Facet.define({ combine: (values) => values[0] ?? "\n" });

// Colours come from the page's own variables, so that both follow the same light.
const look = (isDark) =>
  EditorView.theme(
    {
      "&": { color: "var(--ink)", backgroundColor: "var(--field)", height: "100%" },
      "&.cm-focused": { outline: "3px solid #2f80ed", outlineOffset: "-1px" },
      ".cm-scroller": {
        fontFamily: "ui-monospace, monospace",
        fontSize: ".9rem",
        overflow: "auto",
      },
      ".cm-content": { caretColor: "var(--ink)" },
      ".cm-gutters": {
        color: "var(--faint)",
        backgroundColor: "var(--panel)",
        borderColor: "var(--line)",
      },
      ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--active)" },
      "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground":
        { backgroundColor: "var(--selected)" },
      ".cm-panels, .cm-tooltip": {
        color: "var(--ink)",
        backgroundColor: "var(--paper)",
        borderColor: "var(--edge)",
      },
      ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
        color: "var(--accent-ink)",
        backgroundColor: "var(--accent)",
      },
      ".cm-foldPlaceholder": {
        color: "var(--ink)",
        backgroundColor: "var(--panel)",
        borderColor: "var(--edge)",
      },
      ".cm-diagnostic": { maxWidth: "36rem", whiteSpace: "pre-wrap" },
    },
    { dark: isDark },
  );

// The text of the field in an editor, with extensions of the page's own.
export function makeView(parent, field, extensions) {
  const theme = new Compartment();
  const text = field.value;
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        EditorView.cspNonce.of(parent.dataset.nonce),
        basicSetup,
        json(),
        syntaxHighlighting(classHighlighter),
        theme.of(look(dark.matches)),
        EditorState.readOnly.of(field.readOnly),
        lineBreak.of(field.dataset.lineBreak === "crlf" ? "\r\n" : "\n"),
        text.length > LONG ? [] : EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-labelledby": "editor-label", tabindex: "0" }),
        extensions,
      ],
    }),
  });
  dark.addEventListener("change", () =>
    view.dispatch({ effects: theme.reconfigure(look(dark.matches)) }),
  );
  return view;
}

// The text with the line breaks it came with.
export function textOf(state) {
  const wanted = state.facet(lineBreak);
  const text = state.doc.toString();
  return wanted === "\n" ? text : text.replaceAll("\n", wanted);
}
