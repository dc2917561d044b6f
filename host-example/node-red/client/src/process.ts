import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Writable } from "node:stream";
import * as grpc from "@grpc/grpc-js";
import * as protoLoader from "@grpc/proto-loader";
import selfsigned from "selfsigned";
import { notSent, RecognizerError } from "./error";

const COOKIE = { IDREC_PLUGIN_COOKIE: "7f0d1f5a0c5e4c7b9d0a6a51d9f5b8e2c3a4968d7be14f60" };
const PROTOCOL_VERSION = "1";
const MAX_MESSAGE = 33 << 20; // bytes, both ways: a picture of 32 MiB and what goes with it
const START_TIMEOUT = 10_000; // milliseconds
// STOP_TIMEOUT leaves a plugin time to settle what is paid.
const STOP_TIMEOUT = 12_000;
// MAX_LINE: no handshake is longer, so what is longer is none.
const MAX_LINE = 1 << 16;

/** The variables that programs need to run at all; secrets travel by configure. */
const PASSED = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "XDG_STATE_HOME", "SSL_CERT_FILE", "SSL_CERT_DIR",
  "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SystemRoot", "LocalAppData"];

const definition = protoLoader.loadSync("idrec/recognizer/v1/recognizer.proto", {
  includeDirs: [path.join(__dirname, "../../proto")], keepCase: true, longs: Number, defaults: true, oneofs: true,
});
const loaded = grpc.loadPackageDefinition(definition) as unknown as { idrec: { recognizer: { v1: { RecognizerService: grpc.ServiceClientConstructor } } } };

/** Reads the contract's Error from bytes. The library makes decoders for the messages of methods only, so it is read as
 * the field 5 of a RecallResponse around it. */
export function decodeError(message: Buffer): Record<string, unknown> {
  const length: number[] = [];
  let n = message.length;
  for (; n > 127; n >>>= 7) length.push((n & 127) | 128);
  length.push(n);
  const recall = loaded.idrec.recognizer.v1.RecognizerService.service.Recall;
  return (recall.responseDeserialize(Buffer.concat([Buffer.from([(5 << 3) | 2, ...length]), message])) as { error: Record<string, unknown> }).error;
}

/** A plugin's process, from its start to its end. */
export class Running {
  readonly client: grpc.Client & Record<string, Function>;
  readonly ended: Promise<void>;
  private readonly child: ChildProcess;
  private readonly folder: string;

  private constructor(child: ChildProcess, ended: Promise<void>, client: grpc.Client, folder: string) {
    this.child = child;
    this.ended = ended;
    this.client = client as grpc.Client & Record<string, Function>;
    this.folder = folder;
  }

  get pid(): number { return this.child.pid ?? 0; }

  /** Starts the file. The process has a group, a socket folder and an environment of its own, an encrypted connection
   * with keys made for it, and a lifeline: a pipe that ends with this process, whatever ends it. */
  static async start(file: string, args: string[], env: Record<string, string>, log: (line: string) => void): Promise<Running> {
    const folder = await mkdtemp(path.join(tmpdir(), "idrec-"));
    const keys = selfsigned.generate([{ name: "commonName", value: "localhost" }], {
      keySize: 2048, algorithm: "sha256", days: 3650,
      extensions: [
        { name: "basicConstraints", cA: true },
        { name: "keyUsage", digitalSignature: true, keyCertSign: true },
        { name: "extKeyUsage", serverAuth: true, clientAuth: true },
        { name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] },
      ],
    });
    const passed = Object.fromEntries(PASSED.filter((n) => process.env[n] !== undefined).map((n) => [n, process.env[n]]));
    const child = spawn(file, args, {
      detached: true, // a process group of its own: a terminal's Ctrl-C is the host's
      stdio: ["ignore", "pipe", "pipe", "pipe"], // the last is the lifeline
      env: {
        ...passed, ...env, ...COOKIE, PLUGIN_PROTOCOL_VERSIONS: PROTOCOL_VERSION, PLUGIN_UNIX_SOCKET_DIR: folder,
        PLUGIN_CLIENT_CERT: keys.cert, IDREC_LIFELINE_FD: "3", IDREC_LOG_LEVEL: "info",
      },
    });
    const ended = new Promise<void>((resolve) => { child.once("exit", () => resolve()); child.once("error", () => resolve()); });
    void ended.then(() => rm(folder, { recursive: true, force: true }));
    (child.stdio[3] as Writable).on("error", () => { /* the plugin has ended */ });
    lines(child.stderr!, log);
    try {
      const [, version, network, address, protocol, certificate] = (await handshake(child)).split("|");
      if (version !== PROTOCOL_VERSION || protocol !== "grpc" || !certificate) throw failed("the plugin speaks another protocol: update the plugin or the host");
      const client = new loaded.idrec.recognizer.v1.RecognizerService(
        network === "unix" ? `unix:${address}` : address,
        grpc.credentials.createSsl(pem(certificate), Buffer.from(keys.private), Buffer.from(keys.cert)),
        {
          "grpc.ssl_target_name_override": "localhost", "grpc.default_authority": "localhost", "grpc.enable_retries": 0,
          "grpc.max_send_message_length": MAX_MESSAGE, "grpc.max_receive_message_length": MAX_MESSAGE,
        });
      return new Running(child, ended, client, folder);
    } catch (error) {
      killGroup(child);
      await Promise.race([ended, delay(STOP_TIMEOUT)]);
      throw error;
    }
  }

  /** Ends the lifeline, which ends the plugin once what is paid is settled, and kills it with its children if it does not. */
  async stop(): Promise<void> {
    (this.child.stdio[3] as Writable).destroy();
    const slow = Symbol("slow");
    if ((await Promise.race([this.ended, delay(STOP_TIMEOUT).then(() => slow)])) === slow) killGroup(this.child);
    await this.ended;
    this.client.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function failed(message: string): RecognizerError {
  return notSent("plugin_failed", message);
}

function pem(certificate: string): Buffer {
  const padded = certificate + "=".repeat((4 - (certificate.length % 4)) % 4);
  return Buffer.from(`-----BEGIN CERTIFICATE-----\n${padded.replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`);
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid) process.kill(-child.pid, "SIGKILL");
  } catch { /* it has ended */ }
}

/** Hands on what a stream says, line by line, each cut to a length that a log bears. */
function lines(stream: NodeJS.ReadableStream, to: (line: string) => void): void {
  let rest = "";
  stream.on("data", (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split("\n");
    rest = parts.pop()!.slice(0, MAX_LINE);
    parts.filter(Boolean).forEach((line) => to(line.slice(0, MAX_LINE)));
  });
}

/** The first line on standard output that is a handshake; the others are dropped, also later. */
function handshake(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(failed("the plugin does not say where it listens: run it by hand to see what it says")), START_TIMEOUT);
    const fail = (why: string) => { clearTimeout(timer); reject(failed(why)); };
    child.once("error", () => fail("the plugin cannot be run: check its file"));
    child.once("exit", () => fail("the plugin ended at its start: run it by hand to see what it says"));
    lines(child.stdout!, (line) => {
      if (/^1\|\d+\|(unix|tcp)\|[^|]+\|/.test(line)) { clearTimeout(timer); resolve(line.trimEnd()); }
    });
  });
}
