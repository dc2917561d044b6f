// The nodes of idrec for Node-RED: "idrec-plugin" is the configuration and owns the plugin's process, "idrec" reads
// pictures through it.
import path from "node:path";
import { errorRecord, findPlugins, notSent, Plugin, RecognizerError, toRecord, type ConfigField, type RecognizeRequest } from "idrec-plugin-client";
import type { Node, NodeAPI, NodeDef, NodeMessage } from "node-red";
import { foldersOf, MAX_PICTURE, readPicture } from "./file";

interface PluginDef extends NodeDef {
  plugin: string; // name
  settings: string; // JSON: texts by the names of the fields
  sha256?: string; // the plugin's file must have it
}

interface PluginNode extends Node<{ secrets?: string }> {
  process?: Plugin;
  problem?: RecognizerError; // why there is none
  ready: Promise<void>;
  watchers: Set<(state: "up" | "down") => void>;
}

interface ReadDef extends NodeDef {
  plugin: string; // id of the configuration
  side: "" | "portrait" | "emblem";
  timeout: number | string; // seconds
  folders?: string; // of files that messages may name
}

/** What a message may say besides its payload. */
interface Input extends NodeMessage {
  payload: unknown;
  idrec?: unknown;
  error?: unknown;
}

function folders(red: NodeAPI): string[] {
  const set = (red.settings as unknown as { idrecPluginDirs?: string[] }).idrecPluginDirs;
  return set ?? (process.env.IDREC_PLUGIN_DIR ?? "").split(path.delimiter).filter(Boolean);
}

const refused = (message: string) => notSent("invalid_request", message);

/** The picture of a message: a buffer, the name of a file in one of the folders, or an address, which the plugin fetches
 * from the hosts of its settings. */
async function picture(payload: unknown, folders: string[]): Promise<{ image: Pick<RecognizeRequest, "data" | "url">; source: string }> {
  if (Buffer.isBuffer(payload)) {
    if (payload.length > MAX_PICTURE) throw notSent("message_too_large", "the picture is larger than 32 MiB: make it smaller");
    return { image: { data: payload }, source: "" };
  }
  if (typeof payload === "string" && /^https?:\/\//.test(payload)) return { image: { url: payload }, source: payload };
  if (typeof payload === "string" && path.isAbsolute(payload)) return { image: { data: await readPicture(payload, folders) }, source: payload };
  throw refused("the payload is no picture: give a buffer, a file name from the root, or an address");
}

/** What a message says of its picture: an object, of which the client checks every name and kind. The picture is the
 * payload, so the other ways are none. */
function told(idrec: unknown): RecognizeRequest {
  if (idrec === undefined || idrec === null) return {};
  if (typeof idrec !== "object" || Array.isArray(idrec)) throw refused("msg.idrec must be an object");
  for (const name of ["data", "path", "url", "retry"]) {
    if (name in idrec) throw refused(`msg.idrec has no ${name}: the picture is msg.payload, and what is sent again is the plugin's matter`);
  }
  return idrec as RecognizeRequest;
}

const nodes = (red: NodeAPI): void => {
  function IdrecPlugin(this: PluginNode, def: PluginDef): void {
    red.nodes.createNode(this, def);
    this.watchers = new Set();
    this.ready = open(this, def).catch((error: unknown) => {
      this.problem = error instanceof RecognizerError ? error : refused("the settings of the plugin cannot be read: open the configuration and save it again");
      this.error(this.problem.message);
    });
    this.on("close", (done: () => void) => {
      // Node-RED waits 15 seconds; what is longer it abandons, and the plugin's lifeline is cut all the same.
      void this.ready.then(() => this.process?.close()).finally(done);
    });
  }

  async function open(node: PluginNode, def: PluginDef): Promise<void> {
    const found = (await findPlugins(folders(red))).find((f) => f.name === def.plugin);
    if (!found) throw notSent("plugin_not_found", "no such plugin in the folders of idrecPluginDirs (settings.js) or IDREC_PLUGIN_DIR");
    const values = JSON.parse(def.settings || "{}") as Record<string, string>;
    const secrets = JSON.parse(node.credentials?.secrets || "{}") as Record<string, string>;
    const plugin = new Plugin(found.path, {
      sha256: def.sha256,
      log: (line) => (/"@level":"(warn|error)"/.test(line) ? node.warn(line) : node.trace(line)),
      onState: (state) => node.watchers.forEach((tell) => tell(state)),
    });
    node.process = plugin;
    const given = (o: Record<string, string>) => Object.fromEntries(Object.entries(o).filter(([, v]) => v !== ""));
    await plugin.configure({ values: given(values), secrets: given(secrets) });
  }

  function Idrec(this: Node, def: ReadDef): void {
    red.nodes.createNode(this, def);
    const plugin = red.nodes.getNode(def.plugin) as unknown as PluginNode | null;
    const folders = foldersOf(def.folders);
    let inFlight = 0;
    let last: "up" | "down" = "up";
    const show = (failure?: string) => {
      if (inFlight > 0) this.status({ fill: "blue", shape: "dot", text: `${inFlight} at work` });
      else if (failure) this.status({ fill: "red", shape: "ring", text: failure });
      else if (last === "down") this.status({ fill: "yellow", shape: "ring", text: "plugin ended; starts at the next picture" });
      else this.status({ fill: "green", shape: "dot", text: "ready" });
    };
    const tell = (state: "up" | "down") => { last = state; show(); };
    plugin?.watchers.add(tell);
    if (!plugin) this.status({ fill: "red", shape: "ring", text: "no plugin is chosen" });
    else void plugin.ready.then(() => show(plugin.problem?.details.code));

    this.on("input", (msg, send, done) => {
      const input = msg as Input;
      inFlight++;
      show();
      void read(input).then((failure) => { inFlight--; show(failure); done(); });

      async function read(m: Input): Promise<string | undefined> {
        const begin = performance.now();
        const elapsedMs = () => Math.round((performance.now() - begin) * 1000) / 1000;
        let source = "";
        let about: RecognizeRequest = {};
        try {
          about = told(m.idrec);
          const given = await picture(m.payload, folders);
          source = typeof (m as { filename?: unknown }).filename === "string" ? (m as unknown as { filename: string }).filename : given.source;
          if (!plugin) throw refused("no plugin is chosen in the node");
          await plugin.ready;
          if (plugin.problem || !plugin.process) throw plugin.problem;
          const seconds = Number(def.timeout) > 0 ? Number(def.timeout) : 180;
          const result = await plugin.process.recognize({ side: def.side, ...about, ...given.image }, seconds * 1000);
          m.payload = toRecord(source, result, { case: about.case, elapsedMs: elapsedMs() });
          send([m, null]);
          return undefined;
        } catch (error) {
          // The picture must not go on to what handles errors.
          m.payload = errorRecord(source, error, { case: typeof about.case === "string" ? about.case : undefined, elapsedMs: elapsedMs() });
          m.error = { message: error instanceof RecognizerError ? error.message : "a defect of the node", ...(m.payload as { error: object }).error };
          send([null, m]);
          return error instanceof RecognizerError ? error.details.code : "internal";
        }
      }
    });
    this.on("close", () => { plugin?.watchers.delete(tell); });
  }

  red.nodes.registerType("idrec-plugin", IdrecPlugin as never, { credentials: { secrets: { type: "password" } } } as never);
  red.nodes.registerType("idrec", Idrec as never);

  // What the editor makes its form of: the plugins and the fields that they describe.
  red.httpAdmin.get("/idrec/plugins", red.auth.needsPermission("idrec.read"), async (_req, res) => {
    const out: { name: string; title?: string; fields?: ConfigField[]; problem?: string }[] = [];
    for (const found of await findPlugins(folders(red))) {
      const plugin = new Plugin(found.path);
      try {
        const about = await plugin.describe();
        out.push({ name: found.name, title: about.title, fields: about.fields });
      } catch (error) {
        out.push({ name: found.name, problem: error instanceof RecognizerError ? error.message : "it cannot be asked" });
      } finally {
        await plugin.close();
      }
    }
    res.json(out);
  });
};

export = nodes;
