// The editor proper, on CodeMirror. Only code-field.js loads this, when a code field is first shown.
import {
  acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, Compartment, completionKeymap, completionStatus, defaultKeymap, drawSelection, EditorState,
  EditorView, highlightSpecialChars, history, historyKeymap, indentUnit, keymap, lineNumbers, placeholder, setDiagnostics, tooltips,
} from "../../vendor/codemirror.js";
import { completions } from "./completion.js";
import { highlighted } from "./language.js";

const look = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "transparent", fontSize: "12.5px", outline: "none" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "20px", overflow: "auto" },
  ".cm-content": { padding: "6px 0", caretColor: "var(--text)" },
  ".cm-line": { padding: "0 10px" },
  ".cm-gutters": { backgroundColor: "transparent", border: "none", color: "var(--text-3)", paddingLeft: "4px" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "22px" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { background: "light-dark(#d5d8ff, #3a3c80)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--code-liquid-bg)", outline: "1px solid var(--line-strong)", borderRadius: "2px" },
  "&.cm-focused .cm-nonmatchingBracket": { color: "var(--bad)" },
  ".cm-placeholder": { color: "var(--text-3)" },
  // No background colour: browsers give that to what is typed in place of marked text, as an inline style, which the policy forbids.
  ".cm-lintRange-error": { backgroundImage: "linear-gradient(var(--bad-soft), var(--bad-soft))", borderBottom: "2px solid var(--bad-fill)" },
  ".cm-tooltip": { backgroundColor: "var(--surface)", color: "var(--text)", border: "1px solid var(--line)", borderRadius: "8px", boxShadow: "var(--shadow-l)", overflow: "hidden", fontFamily: "var(--font)", zIndex: "80" },
  ".cm-tooltip.cm-tooltip-autocomplete": { overflow: "visible" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxHeight: "15em", padding: "4px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "3px 8px", borderRadius: "5px", lineHeight: "18px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { background: "var(--accent-soft)", color: "var(--accent-text)" },
  ".cm-completionIcon": { display: "none" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
  ".cm-completionDetail": { color: "var(--text-2)", fontStyle: "normal", marginLeft: "14px" },
  ".cm-tooltip.cm-completionInfo": { padding: "8px 12px", maxWidth: "260px", fontSize: "12.5px" },
  ".cm-example": { color: "var(--text-2)", marginTop: "2px" },
  ".cm-diagnostic": { padding: "6px 10px", borderLeft: "3px solid var(--bad-fill)", fontSize: "12.5px" },
});

const severalLines = [EditorView.theme({ ".cm-content, .cm-gutter": { minHeight: "172px" }, ".cm-scroller": { maxHeight: "min(60vh, 560px)" } }), lineNumbers(), EditorView.lineWrapping];

const oneLine = [
  EditorState.transactionFilter.of((change) => (change.newDoc.lines > 1 ? [] : change)),
  EditorView.clipboardInputFilter.of((text) => text.replace(/\s*\n\s*/g, " ")),
];

/** Where a fault stands in the text: from its line and column, in characters from 1, to the end of what is named there. */
function rangeOf(doc, { line, column }) {
  const at = doc.line(Math.min(Math.max(line ?? 1, 1), doc.lines));
  const chars = [...at.text];
  const from = at.from + chars.slice(0, (column ?? 1) - 1).join("").length;
  const rest = at.text.slice(from - at.from);
  const length = (/^\{[{%].*?[%}]\}/.exec(rest) ?? /^[\w.-]+/.exec(rest) ?? /^./u.exec(rest) ?? [""])[0].length;
  if (length > 0) return { from, to: from + length };
  return { from: Math.max(at.from, from - 1), to: Math.max(from, Math.min(from, at.to)) };
}

/**
 * @param {{root: ShadowRoot, value: string, onChange: (text: string) => void, onFocus: () => void, operation: () => string}} wiring
 * @param {object} props of the field, see code-field.js
 */
export function createView({ root, value, onChange, onFocus, operation }, props) {
  const parts = { language: new Compartment(), access: new Compartment(), named: new Compartment(), hint: new Compartment() };
  const settings = ({ language = "text", readOnly = false, label, error, placeholder: hint }) => ({
    language: highlighted(language),
    access: [EditorState.readOnly.of(readOnly), EditorView.editable.of(!readOnly)],
    named: EditorView.contentAttributes.of({
      "aria-label": label,
      "aria-multiline": props.singleLine ? "false" : "true",
      spellcheck: "false",
      autocapitalize: "off",
      tabindex: "0",
      ...(readOnly && { "aria-readonly": "true" }),
      ...(error && { "aria-invalid": "true", "aria-description": error }),
    }),
    hint: hint ? placeholder(hint) : [],
  });
  const first = settings(props);
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: value,
      extensions: [
        look,
        ...Object.entries(parts).map(([name, part]) => part.of(first[name])),
        props.singleLine ? oneLine : severalLines,
        highlightSpecialChars(),
        drawSelection(),
        history(),
        closeBrackets(),
        indentUnit.of("  "),
        autocompletion({ override: [completions(operation)], icons: false, closeOnBlur: true }),
        tooltips({ position: "fixed" }),
        // Tab takes what is offered, else it leaves the field, as everywhere on the page.
        keymap.of([
          { key: "Tab", run: (now) => completionStatus(now.state) === "active" && acceptCompletion(now) },
          ...completionKeymap,
          ...(props.singleLine ? [{ key: "Enter", run: () => true }] : []),
          ...closeBracketsKeymap,
          ...historyKeymap,
          ...defaultKeymap,
        ]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(update.state.doc.toString());
          if (update.focusChanged && update.view.hasFocus) onFocus();
        }),
      ],
    }),
  });
  return {
    insert: (text) => {
      view.dispatch(view.state.replaceSelection(text), { userEvent: "input.paste", scrollIntoView: true });
      view.focus();
    },
    focus: () => view.focus(),
    // What was made out of sight has measured nothing yet.
    measure: () => view.requestMeasure(),
    setValue: (text) => {
      const { doc } = view.state;
      if (doc.toString() !== text) view.dispatch({ changes: { from: 0, to: doc.length, insert: text } });
    },
    setFault: (fault) => {
      const { state } = view;
      const marked = fault?.line ? [{ ...rangeOf(state.doc, fault), severity: "error", message: fault.message }] : [];
      view.dispatch(setDiagnostics(state, marked));
    },
    configure: (next) => {
      const now = settings(next);
      view.dispatch({ effects: Object.entries(parts).map(([name, part]) => part.reconfigure(now[name])) });
    },
    destroy: () => view.destroy(),
  };
}
