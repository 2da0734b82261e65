// One chart: bars that stand on each other, or lines. The pointer or the arrow keys go along it; each point's values are
// told in words.
import { html, useLayoutEffect, useRef, useState } from "../lib.js";
import { axisPlaces, axisTime, pointTimes, scale } from "./scale.js";

const HEIGHT = 168;
const PAD = { top: 10, right: 8, bottom: 22, left: 56 };
const LABEL_WIDTH = 76;

function Bars({ points, series, x, y, step }) {
  const width = Math.max(1, step - (step > 6 ? 2 : 1));
  return points.map((point, at) => {
    let below = 0;
    return series.map(({ key }) => {
      const value = point[key];
      if (!value) return null;
      const from = y(below);
      below += value;
      // Whatever is not nothing can be seen.
      const height = Math.max(1.5, from - y(below));
      return html`<rect key=${`${at} ${key}`} class=${`plot-fill-${key}`} x=${x(at) + (step - width) / 2} y=${from - height} width=${width} height=${height} />`;
    });
  });
}

function Lines({ points, series, x, y, step }) {
  return series.map(({ key }) => {
    let path = "";
    let pen = false;
    const dots = [];
    points.forEach((point, at) => {
      const value = point[key];
      if (value === null) {
        pen = false;
        return;
      }
      const place = `${(x(at) + step / 2).toFixed(1)} ${y(value).toFixed(1)}`;
      path += `${pen ? "L" : "M"}${place}`;
      // A point between two gaps makes no line.
      if (!pen && (points[at + 1]?.[key] ?? null) === null) dots.push(place.split(" "));
      pen = true;
    });
    return html`<g key=${key} class=${`plot-line-${key}`}><path d=${path} />${dots.map(([cx, cy]) => html`<circle cx=${cx} cy=${cy} r="2.2" />`)}</g>`;
  });
}

/**
 * @param {{kind: "bars" | "lines", label: string, summary: string, points: object[], series: {key: string, label: string}[],
 *   format: (value: number) => string, tickFormat?: (value: number) => string, onPick?: (point: object) => void, pickHint?: string}} props `onPick`: on click or Enter
 */
export function Plot({ kind, label, summary, points, series, format, tickFormat = format, onPick, pickHint }) {
  const box = useRef(null);
  const [width, setWidth] = useState(0);
  const [at, setAt] = useState(null);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry.contentRect.width)));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const inner = { width: Math.max(10, width - PAD.left - PAD.right), height: HEIGHT - PAD.top - PAD.bottom };
  const total = (point) => series.reduce((sum, { key }) => sum + (point[key] ?? 0), 0);
  const most = Math.max(0, ...points.map((point) => (kind === "bars" ? total(point) : Math.max(...series.map(({ key }) => point[key] ?? 0)))));
  const { top, ticks } = scale(most);
  const step = inner.width / Math.max(1, points.length);
  const x = (place) => PAD.left + place * step;
  const y = (value) => PAD.top + inner.height * (1 - value / top);
  const spanMs = points.length ? new Date(points.at(-1).end) - new Date(points[0].start) : 0;
  const shown = at !== null && points[at] ? at : null;
  const said = (place) => `${pointTimes(points[place])}: ${series.map(({ key, label: name }) => `${name} ${points[place][key] === null ? "–" : format(points[place][key])}`).join(", ")}`;

  const onPointerMove = (event) => {
    const place = Math.floor((event.clientX - box.current.getBoundingClientRect().left - PAD.left) / step);
    setAt(place >= 0 && place < points.length ? place : null);
  };
  const onKeyDown = (event) => {
    if (points.length === 0) return;
    const here = shown ?? points.length - 1;
    const to = { ArrowRight: here + 1, ArrowUp: here + 1, ArrowLeft: here - 1, ArrowDown: here - 1, Home: 0, End: points.length - 1, PageUp: here + 10, PageDown: here - 10 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      setAt(Math.min(points.length - 1, Math.max(0, to)));
    } else if (event.key === "Escape") setAt(null);
    else if (event.key === "Enter" && shown !== null && onPick) onPick(points[shown]);
  };
  const pick = () => shown !== null && onPick?.(points[shown]);
  const slider = { role: "slider", tabindex: 0, "aria-label": `${label}. ${summary}${pickHint ? ` ${pickHint}` : ""}`, "aria-valuemin": 0, "aria-valuemax": Math.max(0, points.length - 1), "aria-valuenow": shown ?? Math.max(0, points.length - 1), "aria-valuetext": points.length ? said(shown ?? points.length - 1) : "no points" };
  const kinds = { bars: Bars, lines: Lines };
  return html`<div class=${`plot ${onPick ? "plot-picks" : ""}`} ref=${box} ...${slider} onPointerMove=${onPointerMove} onPointerLeave=${() => setAt(null)} onKeyDown=${onKeyDown} onClick=${pick} onFocus=${(event) => event.target.matches(":focus-visible") && setAt(shown ?? points.length - 1)} onBlur=${() => setAt(null)}>
    ${width > 0 && html`<svg width=${width} height=${HEIGHT} viewBox=${`0 0 ${width} ${HEIGHT}`} aria-hidden="true" focusable="false">
      ${ticks.map((tick) => html`<g key=${tick} class="plot-grid"><line x1=${PAD.left} x2=${width - PAD.right} y1=${y(tick)} y2=${y(tick)} /><text x=${PAD.left - 8} y=${y(tick) + 4} text-anchor="end">${tickFormat(tick)}</text></g>`)}
      ${axisPlaces(points, inner.width / LABEL_WIDTH).filter((place) => x(place) + LABEL_WIDTH * 0.7 < width).map((place) => html`<text key=${place} class="plot-axis" x=${x(place)} y=${HEIGHT - 5}>${axisTime(points[place].start, spanMs)}</text>`)}
      ${shown !== null && html`<rect class="plot-band" x=${x(shown)} y=${PAD.top} width=${step} height=${inner.height} />`}
      <${kinds[kind]} ...${{ points, series, x, y, step }} />
    </svg>`}
    ${most === 0 && width > 0 && html`<span class="plot-none">Nothing in this time</span>`}
    ${shown !== null && html`<div class=${`plot-tip ${shown > points.length / 2 ? "plot-tip-left" : ""}`} style=${{ left: `${x(shown) + step / 2}px` }}>
      <p class="small faint">${pointTimes(points[shown])}</p>
      ${[...series].reverse().map(({ key, label: name }) => html`<p key=${key} class="plot-tip-row"><span class=${`plot-key plot-key-${key}`}></span><span class="grow">${name}</span><span class="num strong">${points[shown][key] === null ? "–" : format(points[shown][key])}</span></p>`)}
    </div>`}
  </div>`;
}

/** What the colours mean. */
export const Legend = ({ series }) => html`<ul class="plot-legend">${series.map(({ key, label }) => html`<li key=${key}><span class=${`plot-key plot-key-${key}`}></span>${label}</li>`)}</ul>`;
