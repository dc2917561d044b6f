// What the tests share: a vendor on 127.0.0.1, specimens, and a real Node-RED server.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer as serve, request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

/** The folder with the programs idrec and idrec-plugin-wapi. */
export const bin = path.resolve(process.env.IDREC_BIN ?? path.join(__dirname, "../../../../bin"));
export const SECRET = "5c0f3b2a9d8e7f615c0f3b2a9d8e7f61";

export interface Cleaner { after(f: () => void | Promise<void>): void }

export function folder(t: Cleaner): string {
  const dir = mkdtempSync(path.join(tmpdir(), "idrec-nr-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const s = createServer().listen(0, "127.0.0.1", () => {
      const port = (s.address() as { port: number }).port;
      s.close(() => resolve(port));
    });
  });
}

export async function eventually<T>(what: string, seconds: number, f: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await new Promise((r) => setTimeout(r, 50))) {
    const v = await f();
    if (v) return v;
  }
  throw new Error(`not within ${seconds} s: ${what}`);
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode) return resolve();
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
  });
}

export interface Vendor { url: string; billed(): Promise<{ billed: number; pictures: number }> }

/** Starts the vendor. */
export async function vendor(t: Cleaner): Promise<Vendor> {
  const child = spawn(path.join(bin, "idrec"), ["sandbox", "--listen", "127.0.0.1:0", "--app", `1:${SECRET}`], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => stop(child));
  const url = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout!.on("data", (b) => { text += b; if (text.includes("\n")) resolve(text.split("\n")[0]); });
    child.once("error", () => reject(new Error("build bin/idrec first: make build in the repository's root")));
    child.once("exit", () => reject(new Error("the vendor ended")));
  });
  return {
    url,
    billed: async () => {
      const state = await (await fetch(new URL("/_sandbox/state", url))).json() as { apps: Record<string, { billed: number; pictures: Record<string, number> | null }> };
      const app = state.apps["1"];
      return { billed: app.billed, pictures: Object.values(app.pictures ?? {}).filter((n) => n > 0).length };
    },
  };
}

/** The vendor farther away: every answer comes so many milliseconds later. The rate is that from the first question to the
 * last answer, without what programs need to start and to end. */
export async function away(t: Cleaner, url: string, ms: number): Promise<{ url: string; rate(): number }> {
  const to = new URL(url);
  let first = 0, last = 0, answers = 0;
  const server = serve((req, res) => {
    first ||= performance.now();
    const body: Buffer[] = [];
    req.on("data", (b: Buffer) => body.push(b)).on("end", () => setTimeout(() => {
      const on = request(new URL(req.url ?? "/", to), { method: req.method, headers: { ...req.headers, host: to.host } }, (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(res).on("finish", () => { last = performance.now(); answers++; });
      });
      on.on("error", () => res.destroy());
      on.end(Buffer.concat(body));
    }, ms));
  });
  await new Promise<void>((resolve) => { server.listen(0, "127.0.0.1", resolve); });
  t.after(() => { server.closeAllConnections(); server.close(); });
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}${to.pathname}`, rate: () => (answers < 2 ? 0 : answers / ((last - first) / 1000)) };
}

/** What the program idrec prints as JSON. */
export function idrec(home: string, env: Record<string, string>, ...args: string[]): string {
  return execFileSync(path.join(bin, "idrec"), args, { env: { PATH: process.env.PATH, HOME: home, XDG_STATE_HOME: home, XDG_CONFIG_HOME: home, ...env } }).toString();
}

/** Draws specimens, and returns the paths of the pictures. */
export function cards(t: Cleaner, n: number): string[] {
  const dir = folder(t);
  execFileSync(path.join(bin, "idrec"), ["specimen", "--out", dir, "--people", String(Math.ceil(n / 2)), "--seed", "61", "--width", "480"]);
  return readdirSync(dir).filter((f) => f.endsWith(".jpg")).sort().map((f) => path.join(dir, f)).slice(0, n);
}

export interface Server { url: string; log(): string; pid: number; deploy(flows: object[]): Promise<void>; home: string }

/** Posts to a server over a connection of its own: one that was idle may be dropped while it is used again. */
export function post(url: string, type: string, body: Buffer | string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const req = request(url, { method: "POST", agent: false, headers: { "Content-Type": type } }, (res) => {
      let text = "";
      res.setEncoding("utf8").on("data", (s) => { text += s; }).on("end", () => resolve({ status: res.statusCode ?? 0, text })).on("error", reject);
    });
    req.on("error", reject);
    req.end(body);
  });
}

/** Starts a Node-RED server that has the nodes; settings are more of its settings.js, as text. */
export async function nodeRed(t: Cleaner, settings = ""): Promise<Server> {
  const home = folder(t);
  const port = await freePort();
  writeFileSync(path.join(home, "settings.js"), `module.exports = {
    uiHost: "127.0.0.1", uiPort: ${port}, flowFile: "flows.json", credentialSecret: "test", telemetry: { enabled: false, updateNotification: false },
    nodesDir: [${JSON.stringify(path.join(__dirname, ".."))}], idrecPluginDirs: [${JSON.stringify(bin)}],
    editorTheme: { tours: false }, externalModules: { palette: { allowInstall: false } }, apiMaxLength: "64mb", ${settings}
    logging: { console: { level: "trace", metrics: false, audit: false } } };`);
  const main = require.resolve("node-red/red.js");
  const child = spawn(process.execPath, [main, "-u", home, "-s", path.join(home, "settings.js")],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, HOME: home, XDG_STATE_HOME: home } });
  let text = "";
  child.stdout!.on("data", (b) => { text += b; });
  child.stderr!.on("data", (b) => { text += b; });
  t.after(() => stop(child));
  const url = `http://127.0.0.1:${port}`;
  await eventually("Node-RED is up", 120, async () => {
    if (child.exitCode !== null) throw new Error(`Node-RED ended\n${text}`);
    const answer = await fetch(`${url}/flows`).catch(() => undefined);
    return answer?.ok || answer?.status === 401;
  });
  const started = () => text.split("Started flows").length;
  await eventually("the first flows are started", 60, () => started() > 1);
  return {
    url, home, pid: child.pid!, log: () => text,
    deploy: async (flows) => {
      const before = started();
      const res = await fetch(`${url}/flows`, { method: "POST", headers: { "Content-Type": "application/json", "Node-RED-Deployment-Type": "full" }, body: JSON.stringify(flows) });
      if (!res.ok) throw new Error(`deploy: ${res.status} ${await res.text()}`);
      await eventually("the flows are started", 60, () => started() > before);
    },
  };
}

/** A flow: POST a picture to /read, and its record is the answer, 200 with a result and 422 with an error. A message as
 * JSON, with the picture in base64, goes to /told. */
export function flow(url: string, folders = "", ledger = ""): object[] {
  return [
    { id: "tab", type: "tab", label: "cards" },
    { id: "conf", type: "idrec-plugin", name: "", plugin: "wapi", settings: JSON.stringify({ url, appid: "1", rate: "1000", burst: "100", concurrency: "16", ...(ledger ? { ledger } : {}) }),
      credentials: { secrets: JSON.stringify({ secret: SECRET }) } },
    { id: "in", type: "http in", z: "tab", url: "/read", method: "post", upload: false, x: 100, y: 100, wires: [["read"]] },
    { id: "read", type: "idrec", z: "tab", plugin: "conf", side: "", timeout: 60, folders, x: 300, y: 100, wires: [["good"], ["bad"]] },
    { id: "told", type: "http in", z: "tab", url: "/told", method: "post", upload: false, x: 100, y: 200, wires: [["unpack"]] },
    { id: "unpack", type: "function", z: "tab", func: "Object.assign(msg, msg.payload); msg.payload = Buffer.from(msg.data, 'base64'); return msg;",
      outputs: 1, x: 260, y: 200, wires: [["read"]] },
    { id: "good", type: "http response", z: "tab", statusCode: "200", x: 500, y: 80, wires: [] },
    { id: "bad", type: "http response", z: "tab", statusCode: "422", x: 500, y: 120, wires: [] },
  ];
}
