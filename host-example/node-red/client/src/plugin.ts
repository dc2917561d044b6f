import { randomBytes } from "node:crypto";
import * as grpc from "@grpc/grpc-js";
import type { Configuration, Description, RecognizeRequest, Result } from "./contract";
import { errorOf, notSent, RecognizerError } from "./error";
import { checkFile } from "./pin";
import { decodeError, Running } from "./process";
import { checked } from "./request";

const CONTROL_TIMEOUT = 10_000; // milliseconds, of calls that reach no network
// RESERVE is how much less time than the caller has the plugin gets, so that its own error arrives.
const RESERVE = 1_000;
// A plugin that ends soon after its start is started again after a growing pause.
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 30_000;
const QUIET = 60_000;

export interface PluginOptions {
  /** The hex SHA-256 that the plugin's file must have; it is run only then. */
  sha256?: string;
  args?: string[];
  env?: Record<string, string>;
  /** Gets what the plugin writes to standard error, line by line. */
  log?: (line: string) => void;
  /** Is told when a process has started or ended. */
  onState?: (state: "up" | "down") => void;
}

/** A recognizer in a process of its own. */
export class Plugin {
  private running?: Promise<Running>;
  private configuration?: Configuration;
  private about?: Description;
  private closed = false;
  private ends = 0;
  private started = 0;
  private notBefore = 0;

  constructor(private readonly file: string, private readonly options: PluginOptions = {}) {}

  /** What the plugin says of itself. */
  async describe(): Promise<Description> {
    return (await this.call("Describe", {}, CONTROL_TIMEOUT, "not_sent") as { description: Description }).description;
  }

  /** Replaces all settings; they are kept in memory for the process that takes this one's place. */
  async configure(c: Configuration): Promise<void> {
    this.configuration = undefined;
    const running = await this.up();
    await this.hand(running, c);
    this.configuration = c;
  }

  /** Reads one picture within the time, in milliseconds. */
  async recognize(request: RecognizeRequest, timeout = 180_000): Promise<Result> {
    request = checked(request);
    const call_id = randomBytes(16).toString("hex");
    const left = Math.max(timeout - Math.min(timeout / 5, RESERVE), 1);
    const message = {
      request: { ...request, path: request.path === undefined ? undefined : Buffer.from(request.path), call_id },
      timeout: { seconds: Math.floor(left / 1000), nanos: Math.floor(left % 1000) * 1e6 },
    };
    const unclear = this.about?.paid === false ? "free" : "ambiguous";
    return (await this.call("Recognize", message, timeout, unclear, call_id) as { result: Result }).result;
  }

  /** The number of the plugin's process; 0 if there is none. */
  async pid(): Promise<number> {
    return this.running ? this.running.then((r) => r.pid, () => 0) : 0;
  }

  /** Ends the plugin. What it has sent and not settled yet it may settle first. */
  async close(): Promise<void> {
    this.closed = true;
    const running = await this.running?.catch(() => undefined);
    await running?.stop();
  }

  /** The process, started if there is none. */
  private async up(): Promise<Running> {
    if (this.closed) throw unavailable("the plugin was closed");
    if (!this.running) {
      if (Date.now() < this.notBefore) throw unavailable("the plugin ended, and is started again in a moment: try again");
      const running = this.start();
      this.running = running;
      const over = () => this.down(running);
      void running.then((r) => r.ended).then(over, over);
    }
    return this.running;
  }

  private async start(): Promise<Running> {
    this.started = Date.now();
    if (this.options.sha256) await checkFile(this.file, this.options.sha256);
    const running = await Running.start(this.file, this.options.args ?? [], this.options.env ?? {}, this.options.log ?? (() => {}));
    try {
      this.about = (await this.ask(running, "Describe", {}, CONTROL_TIMEOUT, "not_sent") as { description: Description }).description;
      if (this.configuration) await this.hand(running, this.configuration);
    } catch (error) {
      await running.stop();
      throw error;
    }
    this.options.onState?.("up");
    return running;
  }

  private async hand(running: Running, c: Configuration): Promise<void> {
    const secrets = Object.fromEntries(Object.entries(c.secrets ?? {}).map(([k, v]) => [k, Buffer.from(v)]));
    await this.ask(running, "Configure", { values: c.values ?? {}, secrets }, CONTROL_TIMEOUT, "not_sent");
  }

  private down(which: Promise<Running>): void {
    if (this.running !== which) return;
    this.running = undefined;
    this.ends = Date.now() - this.started > QUIET ? 1 : this.ends + 1;
    // The first end is followed by a start at once.
    this.notBefore = this.ends === 1 ? 0 : Date.now() + Math.min(FIRST_PAUSE * 2 ** (this.ends - 2), LONGEST_PAUSE);
    this.options.onState?.("down");
  }

  private async call(method: string, message: object, timeout: number, unclear: string, call_id = ""): Promise<unknown> {
    return this.ask(await this.up(), method, message, timeout, unclear, call_id);
  }

  private ask(running: Running, method: string, message: object, timeout: number, unclear: string, call_id = ""): Promise<unknown> {
    return new Promise((resolve, reject) => {
      running.client[method](message, new grpc.Metadata(), { deadline: Date.now() + timeout }, (error: grpc.ServiceError | null, answer: unknown) => {
        if (!error) return resolve(answer);
        const [status] = error.metadata?.get("grpc-status-details-bin") ?? [];
        const details = errorOf(status as Buffer | undefined, decodeError);
        // Without an answer of the plugin nobody knows how far the call had come.
        reject(new RecognizerError(details ?? { code: unclear === "ambiguous" ? "outcome_unknown" : "plugin_unavailable",
          message: "the plugin ended, or did not answer in time", outcome: unclear, call_id }));
      });
    });
  }
}

function unavailable(message: string): RecognizerError {
  return notSent("plugin_unavailable", message);
}
