// Starts plugins of idrec from Node.js.
//
//   const plugin = new Plugin("/opt/idrec/idrec-plugin-wapi");
//   await plugin.configure({ values: { url: "…", appid: "…" }, secrets: { secret: "…" } });
//   const result = await plugin.recognize({ data: picture });
//   await plugin.close();
//
// A Plugin starts its process at the first call, and anew at the next call after it has ended, with the same
// settings. What was in flight then is never sent again: it fails with the outcome "ambiguous", because it
// may have been billed.
export { Plugin, type PluginOptions } from "./plugin";
export { notSent, RecognizerError, type ErrorDetails } from "./error";
export { findPlugins, type FoundPlugin } from "./find";
export { toRecord, errorRecord, type CardRecord, type Told } from "./record";
export type { Configuration, ConfigField, Description, RecognizeRequest, Result } from "./contract";
