import { Brand } from "../frame.js";
import { useAction, useTitle } from "../hooks.js";
import { html, useEffect, useState } from "../lib.js";
import { here, navigate } from "../router.js";
import { endedBecause, signIn, viewer } from "../session.js";
import { Button, Note, TextInput } from "../ui/index.js";

/** Only an address of this console: `back` comes from the address bar. */
function addressAfter(back) {
  if (!back) return "/";
  const url = new URL(back, location.origin);
  return url.origin === location.origin ? url.pathname + url.search : "/";
}

export default function SignIn() {
  useTitle("Sign in");
  const [key, setKey] = useState("");
  const [error, setError] = useState(null);
  const back = addressAfter(here.value.query.get("back"));
  useEffect(() => {
    if (viewer.value) void navigate(back, { replace: true });
  }, [viewer.value]);
  useEffect(() => document.querySelector("#main input")?.focus(), []);
  const [submit, busy] = useAction(async () => {
    if (!key.trim()) {
      setError("Paste an API key.");
      return;
    }
    try {
      await signIn(key.trim());
    } catch (problem) {
      setError(problem.message);
    }
  });
  const onSubmit = (event) => {
    event.preventDefault();
    void submit();
  };
  return html`<div class="sign-in-box">
    <${Brand} />
    <div class="card"><form class="card-body" novalidate onSubmit=${onSubmit}>
      <div><h1>Sign in</h1><p class="muted">With an API key of your account.</p></div>
      ${endedBecause.value && html`<${Note} tone="info">${endedBecause.value}<//>`}
      <${TextInput} label="API key" type="password" mono value=${key} onChange=${setKey} error=${error} autocomplete="current-password" hint=${html`The first start of the server prints one; <code>crm-sync keys create</code> makes another.`} />
      <${Button} type="submit" kind="primary" busy=${busy}>Sign in<//>
    </form></div>
  </div>`;
}
