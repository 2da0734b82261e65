// Highlighting of templates: JSON with Liquid in it, or Liquid in any text. A tokenizer of our own: JSON parsers stumble over
// tokens that stand where a value should.
import { bracketMatching, HighlightStyle, StreamLanguage, syntaxHighlighting, tags } from "../../vendor/codemirror.js";

const OPEN = /^\{[{%]-?/;
const KEYWORD = /^(?:if|elsif|else|endif|unless|endunless|case|when|endcase|for|endfor|in|assign|capture|endcapture|comment|endcomment|raw|endraw|and|or|contains|break|continue|cycle|limit|offset|reversed)\b/;

function liquid(stream, state) {
  if (stream.match(state.liquid)) {
    state.liquid = null;
    return "liquidBrace";
  }
  if (stream.eatSpace()) return null;
  if (stream.match(/^'[^']*'?/) || stream.match(/^"[^"]*"?/)) return "liquidString";
  if (stream.match(/^\|/)) {
    state.filter = true;
    return "liquidOperator";
  }
  if (stream.match(/^-?\d+(?:\.\d+)?/)) return "number";
  if (stream.match(KEYWORD)) return "keyword";
  if (stream.match(/^[A-Za-z_][\w-]*(?:\.[\w-]+)*/)) {
    const filter = state.filter;
    state.filter = false;
    return filter ? "liquidFilter" : "variableName";
  }
  stream.next();
  return "liquidOperator";
}

function opens(stream, state) {
  const found = stream.match(OPEN);
  if (!found) return false;
  state.liquid = found[0][1] === "{" ? /^-?\}\}/ : /^-?%\}/;
  state.filter = false;
  return true;
}

const PROPERTY = /^"(?:[^"\\{]|\\.|\{(?![{%])|\{\{.*?\}\}|\{%.*?%\})*"\s*:/;

function json(stream, state) {
  if (state.text) {
    while (!stream.eol()) {
      if (stream.match(OPEN, false)) return state.text;
      const char = stream.next();
      if (char === "\\") stream.next();
      else if (char === '"') {
        const kind = state.text;
        state.text = null;
        return kind;
      }
    }
    return state.text;
  }
  if (stream.eatSpace()) return null;
  if (stream.peek() === '"') {
    state.text = stream.match(PROPERTY, false) ? "propertyName" : "string";
    stream.next();
    // An empty text ends at once; whatever is in it follows as the next piece.
    if (stream.eat('"')) {
      const kind = state.text;
      state.text = null;
      return kind;
    }
    return state.text;
  }
  if (stream.match(/^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/)) return "number";
  if (stream.match(/^(?:true|false|null)\b/)) return "atom";
  const char = stream.next();
  return /[[\]{}]/.test(char) ? "bracket" : /[,:]/.test(char) ? "punctuation" : "invalid";
}

function text(stream) {
  while (!stream.eol() && !stream.match(OPEN, false)) stream.next();
  return null;
}

const tokenTable = {
  liquidBrace: tags.special(tags.brace),
  liquidOperator: tags.special(tags.operator),
  liquidFilter: tags.special(tags.function(tags.variableName)),
  liquidString: tags.special(tags.string),
};

const language = (plain) =>
  StreamLanguage.define({
    startState: () => ({ liquid: null, filter: false, text: null }),
    copyState: (state) => ({ ...state }),
    token: (stream, state) => {
      if (state.liquid) return liquid(stream, state);
      if (opens(stream, state)) return "liquidBrace";
      return plain(stream, state);
    },
    tokenTable,
    languageData: { closeBrackets: { brackets: ["(", "[", "{", '"'] } },
  });

const LANGUAGES = { json: language(json), text: language(text) };

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--code-key)" },
  { tag: tags.string, color: "var(--code-string)" },
  { tag: [tags.number, tags.atom], color: "var(--code-number)" },
  { tag: tags.invalid, color: "var(--bad)" },
  { tag: [tags.special(tags.brace), tags.special(tags.operator)], color: "var(--code-liquid)", opacity: "0.75" },
  { tag: tags.variableName, color: "var(--code-liquid)", fontWeight: "600" },
  { tag: tags.keyword, color: "var(--code-liquid)", fontStyle: "italic" },
  { tag: [tags.special(tags.function(tags.variableName)), tags.special(tags.string)], color: "var(--code-liquid)" },
]);

/** @param {"json" | "text"} name */
export const highlighted = (name) => [LANGUAGES[name], syntaxHighlighting(colours), bracketMatching()];
