// The console's pieces. `import { html, useState } from "../lib.js"; import { Button, TextInput } from "../ui/index.js";`
//
//   <${Button} kind="primary|default|quiet|danger" size="small" icon="plus" busy=${b} href="/..." label=${accessible name} onClick>Add sync<//>
//   <${TextInput} label hint error value onChange=${(text) => ..} mono type unit placeholder readOnly />   also Textarea
//   <${Select} label value onChange options=${[{ value, label }]} />, <${Segments} .../> (few choices, all in sight)
//   <${Switch} label hint checked onChange />, <${Checkbox} .../>
//   <${Field} label hint error>${(aria) => html`<input ...${aria} />`}<//>   for a control of one's own
//   <${Dialog} title onClose wide foot=${buttons}>..<//>, <${ConfirmDialog} title action="Revoke key" danger onConfirm=${async} onClose>..<//>,
//   <${Drawer} title onClose>..<//>: render one to open it; it holds the focus and gives it back.
//   <${Tabs} label tabs=${[{ id, label, href, mark: "dirty|error" }]} selected />, then <div ...${tabPanel(id)}>
//   <${Table} caption columns=${[{ title, cell: (row) => .., end: true }]} rows rowKey=${(row) => row.id} />   becomes cards when narrow
//   <${WindowedList} items rowHeight height render=${(item, index) => ..} onEnd label />   only what is in sight is in the page
//   <${WindowedTable} .../>: the same with columns, see there; useMedia("(min-width: 900px)")
//   <${Time} at=${"2026-01-01T00:00:00Z"} />, <${Duration} ms />, number(12345), percent(0.987), counted(3, "person", "people"), sentence(text)
//   <${Badge} tone="good|warn|bad|info|idle" icon>text<//>, <${SyncStatus} sync />, <${OutcomeBadge} outcome />, <${LinkStateBadge} link />
//   toast("Key revoked"), toast.error(error)
//   <${EmptyState} icon title action>text<//>, <${ErrorNote} error onRetry />, <${Note} tone>..<//>, <${Spinner} label />, <${Skeleton} lines />
//   <${Loaded} query=${useQuery(..)}>${(data) => ..}<//>: skeleton, error with "Try again", or what data makes
//   <${Facts} facts=${[["Name", value], ..]} />: those without a value are left out
//   <${Menu} label icon items=${[{ label, icon, onSelect, danger, hint }, "line"]} />, <${CopyButton} text label />
//   <${Sparkline} points=${stats.series} />, <${Json} text onPick=${(path, value) => ..} />, <${Icon} name size />
//   <${Page} title lead crumbs actions narrow>..<//>: a page with its heading
export * from "./badges.js";
export * from "./button.js";
export * from "./dialog.js";
export * from "./facts.js";
export * from "./fields.js";
export * from "./icons.js";
export * from "./json.js";
export * from "./media.js";
export * from "./menu.js";
export * from "./page.js";
export * from "./sparkline.js";
export * from "./states.js";
export * from "./table.js";
export * from "./tabs.js";
export * from "./time.js";
export * from "./toast.js";
export * from "./windowed.js";
export * from "./windowed-table.js";
