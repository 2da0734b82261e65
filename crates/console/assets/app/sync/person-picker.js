// Chooses the person for whom a rule is shown: a search with suggestions (a combobox), or the sample.
import { useDebounced, useQuery } from "../hooks.js";
import { html, useId, useState } from "../lib.js";
import { Button, Icon } from "../ui/index.js";
import { PEOPLE } from "./documents.js";

/** @param {{person: {id: string, name: string} | null, onChange: (person: object | null) => void}} props */
export function PersonPicker({ person, onChange }) {
  const id = useId();
  const [text, setText] = useState("");
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const search = useDebounced(text.trim(), 150);
  const found = useQuery(open ? PEOPLE : null, { search: search || null });
  const options = [null, ...(found.data?.people.nodes ?? [])];
  const choose = (option) => {
    onChange(option);
    setText("");
    setOpen(false);
    setActive(-1);
  };
  const onKeyDown = (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setOpen(true);
      setActive((active + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length);
    } else if (event.key === "Enter" && open) {
      event.preventDefault();
      if (active >= 0) choose(options[active]);
      else if (options.length > 1) choose(options[1]);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      setOpen(false);
    }
  };
  const shown = person ? person.name || person.id : "Sample person (Ada Lovelace)";
  return html`<div class="field picker">
    <label class="field-label" for=${id}>For the person</label>
    <div class="input-group">
      <${Icon} name="people" />
      <input
        id=${id} class="input" role="combobox" autocomplete="off" spellcheck="false"
        aria-expanded=${open ? "true" : "false"} aria-controls=${`${id}-list`} aria-autocomplete="list" aria-activedescendant=${open && active >= 0 ? `${id}-${active}` : undefined}
        placeholder=${open ? "Search by name, email or id" : shown} value=${open ? text : shown}
        onFocus=${() => setOpen(true)} onClick=${() => setOpen(true)} onBlur=${() => setOpen(false)} onKeyDown=${onKeyDown}
        onInput=${(event) => {
          setText(event.target.value);
          setActive(-1);
          setOpen(true);
        }}
      />
      ${person && !open && html`<${Button} kind="quiet" size="small" icon="close" label="Use the sample person" class="picker-clear" onClick=${() => choose(null)} />`}
    </div>
    <ul class="picker-list" role="listbox" id=${`${id}-list`} aria-label="People" hidden=${!open}>
      ${options.map((option, at) => html`<li key=${option?.id ?? ""} id=${`${id}-${at}`} role="option" aria-selected=${at === active ? "true" : "false"} onMouseDown=${(event) => {
        event.preventDefault();
        choose(option);
        document.activeElement?.blur();
      }}>
        <span class="truncate">${option ? option.name || option.id : "Sample person"}</span><span class="faint small truncate">${option ? (option.email ?? option.id) : "Ada Lovelace"}</span>
      </li>`)}
      ${found.error && html`<li class="bad small" role="presentation">${found.error.message}</li>`}
      ${!found.loading && found.data && options.length === 1 && html`<li class="muted small" role="presentation">${search ? "Nobody found" : "The directory is empty"}</li>`}
    </ul>
  </div>`;
}
