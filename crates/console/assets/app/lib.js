// The one place that names the vendored libraries which every module uses.
export * from "../vendor/ui.js";
