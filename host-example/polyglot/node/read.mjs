// Reads pictures through a plugin and prints a line of JSON for each:
//
//   node read.mjs PLUGIN PICTURE…
//
// Settings and secrets of the plugin are read from standard input, as JSON: {"values": {…}, "secrets": {…}}.
import { readFile } from "node:fs/promises";
import { open, RecognizerError } from "./idrec_host.mjs";

const [file, ...pictures] = process.argv.slice(2);
const { values = {}, secrets = {} } = JSON.parse(await readFile("/dev/stdin", "utf8") || "{}");
const passed = Object.fromEntries((process.env.IDREC_PLUGIN_ENV || "").split(",").filter(Boolean).map((n) => [n, process.env[n]]));

const plugin = await open(file, { env: passed });
console.log(JSON.stringify({ plugin: plugin.about.name, version: plugin.about.version, pid: plugin.pid }));
try {
  if (Object.keys({ ...values, ...secrets }).length > 0) await plugin.configure({ values, secrets: Object.fromEntries(Object.entries(secrets).map(([k, v]) => [k, Buffer.from(v)])) });
  for (const picture of pictures) {
    try {
      const r = await plugin.recognize({ data: await readFile(picture) }, { timeout: 60_000 });
      const fields = Object.fromEntries(Object.entries(r.fields).filter(([, f]) => f.state === "present").map(([n, f]) => [n, f.value]));
      console.log(JSON.stringify({ status: r.status, side: r.side, outcome: r.outcome, fields }));
    } catch (error) {
      if (!(error instanceof RecognizerError)) throw error;
      console.log(JSON.stringify({ error: { code: error.code, outcome: error.outcome } }));
    }
  }
} finally {
  await plugin.close();
}
