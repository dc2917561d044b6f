// A host of idrec plugins in Node.js: it starts a plugin as hashicorp/go-plugin does, and talks gRPC to it.
//
//   const plugin = await open("/opt/idrec/idrec-plugin-wapi");
//   await plugin.configure({ values: { url: "…" }, secrets: { secret: Buffer.from("…") } });
//   const result = await plugin.recognize({ data: picture });
//   await plugin.close();
//
// The plugin gets a process group, a socket folder and an environment of its own, an encrypted connection with
// keys made for it, and a lifeline: a pipe that ends with this process, whatever ends it. An Error says whether
// the call was billed; one without an answer is ambiguous, and is not to be sent again.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";
import selfsigned from "selfsigned";

const COOKIE = { IDREC_PLUGIN_COOKIE: "7f0d1f5a0c5e4c7b9d0a6a51d9f5b8e2c3a4968d7be14f60" };
const PROTOCOL_VERSION = "1";
const MAX_MESSAGE = 33 << 20; // bytes, both ways
const START_TIMEOUT = 10_000; // milliseconds
const STOP_TIMEOUT = 12_000;
const RESERVE = 1_000; // how much less time than the caller has the plugin gets, so that its own error arrives

const protos = path.join(path.dirname(fileURLToPath(import.meta.url)), "../../../shared/proto");
const definition = await protoLoader.load("idrec/recognizer/v1/recognizer.proto", {
  includeDirs: [protos], keepCase: true, longs: Number, defaults: true, oneofs: true,
});
const { idrec } = grpc.loadPackageDefinition(definition);

/** What went wrong, with the code and the outcome of the contract. */
export class RecognizerError extends Error {
  constructor(details) {
    super(`${details.message || details.code} (${details.code}, ${details.outcome})`);
    Object.assign(this, details);
  }
}

/** Starts a plugin. The options are args, env, and log, which gets what the plugin writes to standard error. */
export async function open(file, { args = [], env = {}, log = () => {} } = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), "idrec-"));
  const keys = selfsigned.generate([{ name: "commonName", value: "localhost" }], {
    keySize: 2048, algorithm: "sha256", days: 10950,
    extensions: [
      { name: "basicConstraints", cA: true },
      { name: "keyUsage", digitalSignature: true, keyCertSign: true },
      { name: "extKeyUsage", serverAuth: true, clientAuth: true },
      { name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] },
    ],
  });
  const passed = Object.fromEntries(["PATH", "HOME", "LANG", "TZ", "TMPDIR"].filter((n) => n in process.env).map((n) => [n, process.env[n]]));
  const child = spawn(file, args, {
    detached: true, // a process group of its own: Ctrl-C is ours
    stdio: ["ignore", "pipe", "pipe", "pipe"], // the last is the lifeline
    env: {
      ...passed, ...env, ...COOKIE, PLUGIN_PROTOCOL_VERSIONS: PROTOCOL_VERSION, PLUGIN_UNIX_SOCKET_DIR: folder,
      PLUGIN_CLIENT_CERT: keys.cert, IDREC_LIFELINE_FD: "3", IDREC_LOG_LEVEL: "info",
    },
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.stderr.on("data", log);
  const kill = () => { try { process.kill(-child.pid, "SIGKILL"); } catch { /* it has ended */ } };
  const clean = () => rm(folder, { recursive: true, force: true });
  try {
    const line = await handshake(child);
    const [, version, network, address, protocol, certificate] = line.split("|");
    if (version !== PROTOCOL_VERSION || protocol !== "grpc" || !certificate) throw new Error("the plugin speaks another protocol");
    const pem = `-----BEGIN CERTIFICATE-----\n${certificate.replace(/.{64}/g, "$&\n")}${"=".repeat((4 - (certificate.length % 4)) % 4)}\n-----END CERTIFICATE-----\n`;
    const client = new idrec.recognizer.v1.RecognizerService(
      network === "unix" ? `unix:${address}` : address,
      grpc.credentials.createSsl(Buffer.from(pem), Buffer.from(keys.private), Buffer.from(keys.cert)),
      { "grpc.ssl_target_name_override": "localhost", "grpc.default_authority": "localhost", "grpc.enable_retries": 0,
        "grpc.max_send_message_length": MAX_MESSAGE, "grpc.max_receive_message_length": MAX_MESSAGE });
    const plugin = new Plugin(client, child, ended, kill, clean);
    plugin.about = await plugin.describe();
    return plugin;
  } catch (error) {
    kill();
    await Promise.race([ended, delay(STOP_TIMEOUT)]);
    await clean();
    throw error;
  }
}

function delay(ms) { return new Promise((resolve) => setTimeout(resolve, ms).unref()); }

/** The first line on standard output that is a handshake; the others are dropped, also later. */
function handshake(child) {
  return new Promise((resolve, reject) => {
    let text = "";
    const timer = setTimeout(() => reject(new Error("the plugin does not say where it listens")), START_TIMEOUT);
    const fail = (why) => { clearTimeout(timer); reject(new Error(why)); };
    child.once("error", () => fail("the plugin cannot be run"));
    child.once("exit", () => fail("the plugin ended at its start"));
    child.stdout.on("data", (chunk) => {
      text = (text + chunk).slice(-65536);
      const found = /^(1\|\d+\|(?:unix|tcp)\|[^|\n]+\|[^\n]*)\n/m.exec(text);
      if (found) { clearTimeout(timer); text = ""; resolve(found[1]); }
    });
  });
}

class Plugin {
  #client; #child; #ended; #kill; #clean;

  constructor(client, child, ended, kill, clean) {
    [this.#client, this.#child, this.#ended, this.#kill, this.#clean] = [client, child, ended, kill, clean];
  }

  get pid() { return this.#child.pid; }

  async describe() { return (await this.#call("Describe", {}, { timeout: 10_000 })).description; }
  async configure(configuration) { await this.#call("Configure", configuration, { timeout: 10_000 }); }

  /** Reads a picture: { data } or { path }, and what else the message Request has. Time in milliseconds. */
  async recognize(request, { timeout } = {}) {
    const call_id = request.call_id || randomBytes(16).toString("hex");
    const message = { request: { ...request, call_id } };
    if (timeout) {
      const left = Math.max(timeout - Math.min(timeout / 5, RESERVE), 1);
      message.timeout = { seconds: Math.floor(left / 1000), nanos: Math.floor(left % 1000) * 1e6 };
    }
    return (await this.#call("Recognize", message, { timeout, call_id, outcome: this.about.paid ? "ambiguous" : "free" })).result;
  }

  #call(method, message, { timeout, call_id = "", outcome = "not_sent" }) {
    return new Promise((resolve, reject) => {
      const options = timeout ? { deadline: Date.now() + timeout } : {};
      this.#client[method](message, new grpc.Metadata(), options, (error, answer) => {
        if (!error) return resolve(answer);
        const details = typed(error) ?? { code: outcome === "not_sent" ? "plugin_unavailable" : "outcome_unknown", message: "", outcome, call_id };
        reject(new RecognizerError(details));
      });
    });
  }

  /** Asks the plugin to end and kills it, with its children, if it does not. */
  async close() {
    this.#client.close();
    this.#child.stdio[3].destroy(); // the end of the lifeline is the end of the plugin
    const over = Symbol("over");
    if (await Promise.race([this.#ended, delay(STOP_TIMEOUT).then(() => over)]) === over) this.#kill();
    await this.#ended;
    await this.#clean();
  }
}

/** The contract's error in the details of a gRPC status: a google.rpc.Status with an Any in it. */
function typed(error) {
  const [status] = error.metadata?.get("grpc-status-details-bin") ?? [];
  if (!status) return undefined;
  for (const any of fields(status).filter(([n]) => n === 3)) {
    const inside = Object.fromEntries(fields(any[1]));
    if (inside[1]?.toString() === "type.googleapis.com/idrec.recognizer.v1.Error") {
      return decode(inside[2] ?? Buffer.alloc(0));
    }
  }
  return undefined;
}

/** The fields of a message that are bytes, as pairs of number and value. */
function fields(message) {
  const out = [];
  let at = 0;
  const varint = () => { let n = 0, scale = 1, b; do { b = message[at++]; n += (b & 0x7f) * scale; scale *= 128; } while (b & 0x80); return n; };
  while (at < message.length) {
    const tag = varint();
    if ((tag & 7) === 0) { varint(); continue; }
    if ((tag & 7) !== 2) break;
    const size = varint();
    out.push([tag >>> 3, message.subarray(at, at + size)]);
    at += size;
  }
  return out;
}

/** The texts of an Error. */
function decode(message) {
  const names = { 1: "code", 2: "message", 3: "vendor_code", 4: "vendor_text", 5: "outcome", 6: "basis", 8: "call_id", 9: "request_key" };
  return Object.fromEntries(fields(message).filter(([n]) => n in names).map(([n, v]) => [names[n], v.toString()]));
}
