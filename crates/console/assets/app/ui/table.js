import { html } from "../lib.js";

/**
 * A table; on a narrow screen each row becomes a card.
 * @param {{caption: string, columns: {title: string, cell: (row: any) => any, end?: boolean, hideTitle?: boolean}[], rows: any[],
 *   rowKey: (row: any) => string}} props
 */
export function Table({ caption, columns, rows, rowKey }) {
  return html`<div class="table-box"><table class="table table-stacked">
    <caption class="visually-hidden">${caption}</caption>
    <thead><tr>${columns.map((column) => html`<th key=${column.title} scope="col" class=${column.end ? "end" : ""}>
      <span class=${column.hideTitle ? "visually-hidden" : ""}>${column.title}</span>
    </th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${rowKey(row)}>
      ${columns.map((column) => html`<td key=${column.title} class=${column.end ? "end" : ""} data-label=${column.hideTitle ? undefined : column.title}>${column.cell(row)}</td>`)}
    </tr>`)}</tbody>
  </table></div>`;
}
