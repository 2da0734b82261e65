// Completion of tokens within `{{ }}` and `{% %}`, and of filters after `|`.
import { catalog, written } from "./catalog.js";

/** What the Liquid around a position is: `{ open, filter, from }`, from where the word being written starts; null outside. */
export function liquidAt(before) {
  const open = Math.max(before.lastIndexOf("{{"), before.lastIndexOf("{%"));
  if (open < 0) return null;
  const inside = before.slice(open + 2);
  if (/[}%]\}/.test(inside)) return null;
  const word = /[\w.-]*$/.exec(inside.replace(/^-/, " "))[0];
  return { open, filter: /\|\s*[\w-]*$/.test(inside), from: before.length - word.length, output: before[open + 1] === "{" };
}

function described(text, example) {
  const box = document.createElement("div");
  box.append(text);
  if (example) {
    const line = document.createElement("div");
    line.className = "cm-example";
    line.append(example);
    box.append(line);
  }
  return box;
}

// Writes the word with a space after the braces, and closes them where nothing does yet.
function apply(word, { closes }) {
  return (view, completion, from, to) => {
    const { doc } = view.state;
    const lead = /\{[{%]-?$/.test(doc.sliceString(Math.max(0, from - 3), from)) ? " " : "";
    const after = doc.sliceString(to, doc.lineAt(to).to);
    const close = closes && !/^\s*[\w.|:'" -]*[}%]\}/.test(after) ? " }}" : "";
    // Brackets that the editor closed by itself: {{|}} holds them without a space.
    const space = closes && /^[}%]\}/.test(after) ? " " : "";
    view.dispatch({
      changes: { from, to, insert: lead + word + (space || close) },
      selection: { anchor: from + lead.length + word.length + (closes ? (space ? 3 : close.length) : 0) },
      userEvent: "input.complete",
    });
  };
}

/** A source of completions for the rule of `operation()`. */
export const completions = (operation) => (context) => {
  const { from: start, text } = context.state.doc.lineAt(context.pos);
  const found = liquidAt(text.slice(0, context.pos - start));
  if (!found) return null;
  const { tokens, filters } = catalog.peek();
  const from = start + found.from;
  if (found.filter) {
    return { from, validFor: /^[\w-]*$/, options: filters.map(({ name, description, example }) => ({ label: name, type: "function", detail: "filter", info: () => described(description, example), apply: apply(name, { closes: false }) })) };
  }
  const usable = tokens.filter((token) => token.operations.includes(operation()));
  return {
    from,
    validFor: /^[\w.-]*$/,
    options: usable.map((token) => ({
      label: token.token,
      type: "variable",
      detail: token.example,
      info: () => described(token.description, token.example && `such as ${token.example}`),
      apply: apply(written(token), { closes: found.output && !token.open }),
    })),
  };
};
