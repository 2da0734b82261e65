// Starts the console: asks who is signed in, then shows the page of the address.
import { App } from "./app.js";
import { html, render } from "./lib.js";
import { startRouting } from "./router.js";

startRouting();
const root = document.getElementById("app");
root.replaceChildren();
render(html`<${App} />`, root);
