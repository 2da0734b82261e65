import { html } from "../lib.js";
import { counted } from "./time.js";

/** Requests over time as small bars, failed ones on top. Takes `stats.series`. */
export function Sparkline({ points, width = 120, height = 28, span = "the last 24 hours" }) {
  const most = Math.max(1, ...points.map((point) => point.succeeded + point.failed));
  const step = width / Math.max(1, points.length);
  const sum = (part) => points.reduce((all, point) => all + point[part], 0);
  const label = `${counted(sum("succeeded"), "request")} succeeded and ${counted(sum("failed"), "request")} failed in ${span}`;
  const bars = points.map((point, at) => {
    // Whatever is not nothing can be seen.
    const tall = (count) => (count ? Math.max(2, (count / most) * (height - 2)) : 0);
    const good = tall(point.succeeded);
    const bad = Math.min(tall(point.failed), height - good);
    const box = { x: at * step + 0.5, width: Math.max(1, step - 1.5), rx: 1 };
    return html`<g key=${point.start}>
      ${good + bad === 0 && html`<rect class="bar-none" ...${box} y=${height - 1.5} height="1.5" />`}
      ${good > 0 && html`<rect class="bar-good" ...${box} y=${height - good} height=${good} />`}
      ${bad > 0 && html`<rect class="bar-bad" ...${box} y=${height - good - bad} height=${bad} />`}
    </g>`;
  });
  return html`<svg class="sparkline" width=${width} height=${height} viewBox=${`0 0 ${width} ${height}`} role="img" aria-label=${label}><title>${label}</title>${bars}</svg>`;
}
