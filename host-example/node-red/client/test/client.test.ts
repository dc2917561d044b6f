import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { bytesOf, errorOf } from "../src/error";
import { findPlugins, Plugin, RecognizerError, toRecord } from "../src/index";
import { decodeError } from "../src/process";
import codes from "../src/codes.json";

const bin = path.resolve(process.env.IDREC_BIN ?? path.join(__dirname, "../../../../../bin"));

function folder(t: { after(f: () => void): void }): string {
  const dir = mkdtempSync(path.join(tmpdir(), "idrec-client-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const code = (error: unknown) => error instanceof RecognizerError ? error.details : assert.fail(String(error));

test("a plugin describes itself, takes settings, and refuses what is no picture", async (t) => {
  const [found] = (await findPlugins([bin])).filter((f) => f.name === "wapi");
  assert.ok(found, "build the plugin first: make build in the repository's root");
  const states: string[] = [];
  const plugin = new Plugin(found.path, { onState: (s) => states.push(s), env: { XDG_STATE_HOME: folder(t) } });
  t.after(() => plugin.close());
  const about = await plugin.describe();
  assert.equal(about.name, "wapi");
  assert.ok(about.fields.some((f) => f.name === "secret" && f.secret));
  await assert.rejects(plugin.configure({ values: { url: "ftp://x" } }), (e) => code(e).code === "configuration_invalid");
  await plugin.configure({ values: { url: "http://127.0.0.1:1/pyi/76/194", appid: "1" }, secrets: { secret: "5c0f3b2a9d8e7f615c0f3b2a9d8e7f61" } });
  await assert.rejects(plugin.recognize({ data: Buffer.from("text") }), (e) => code(e).code === "not_a_picture" && code(e).outcome === "not_sent" && !(e as RecognizerError).mayBeBilled);

  const old = await plugin.pid();
  process.kill(old, "SIGKILL");
  while (await plugin.pid() === old) await new Promise((r) => setTimeout(r, 20));
  await assert.rejects(plugin.recognize({ data: Buffer.from("text") }), (e) => code(e).code === "not_a_picture", "it was not started again with its settings");
  assert.notEqual(await plugin.pid(), old);
  await plugin.close();
  assert.deepEqual(states, ["up", "down", "up", "down"]);
  await assert.rejects(plugin.describe(), (e) => code(e).code === "plugin_unavailable");
});

test("a program that is no plugin is a typed error", async (t) => {
  const dir = folder(t);
  const file = path.join(dir, "idrec-plugin-echo");
  writeFileSync(file, "#!/bin/sh\necho 1\\|9\\|unix\\|/none\\|grpc\\|x\necho hello\n");
  chmodSync(file, 0o755);
  for (const path of [file, file + "-none"]) {
    const plugin = new Plugin(path);
    await assert.rejects(plugin.describe(), (e) => code(e).code === "plugin_failed" && code(e).outcome === "not_sent");
    await plugin.close();
  }
  assert.deepEqual(await findPlugins([dir, "relative"]), [{ name: "echo", path: file }]);
});

test("the table of codes is the program's", () => {
  const theirs = JSON.parse(execFileSync(path.join(bin, "idrec"), ["errors", "--output", "json"]).toString()) as Record<string, unknown>[];
  assert.deepEqual(codes, theirs.map(({ code, class: c, retryable, meaning }) => ({ code, class: c, retryable, meaning })));
  const error = (code: string, outcome: string) => new RecognizerError({ code, outcome, message: "" });
  assert.equal(error("quota_exhausted", "rejected").class, "paused");
  assert.equal(error("quota_exhausted", "rejected").retryable, true);
  assert.equal(error("quota_exhausted", "ambiguous").class, "unclear");
  assert.equal(error("quota_exhausted", "ambiguous").retryable, false);
  assert.equal(error("of a later version", "not_sent").class, "internal");
});

test("a request that the encoder would change is refused, without its values", async () => {
  const plugin = new Plugin("/none");
  const data = Buffer.from("x");
  for (const bad of [{}, { data, path: "/x" }, { data: "eA==" }, { data, fields: "name" }, { data, fields: [1] }, { data, case: 1 }, { data, attempt: 1.5 }, { data, unsafe_buy_again: true }, { data, toString: "zhangsan" }, null]) {
    await assert.rejects(plugin.recognize(bad as never), (e) => code(e).code === "invalid_request" && code(e).outcome === "not_sent" && !String(e).includes("zhangsan"), JSON.stringify(bad));
  }
});

test("protobuf that is damaged gives no error and no endless loop", () => {
  for (let n = 0; n < 2000; n++) {
    const b = Buffer.from(Array.from({ length: n % 40 }, (_, i) => (n * 31 + i * 17 + ((n * i) % 251)) & 255));
    bytesOf(b);
    errorOf(b, () => ({}));
  }
  assert.deepEqual(bytesOf(Buffer.from([0x0a, 0x7f])), []);
});

test("the contract's error is found in the details of a status", () => {
  const field = (n: number, b: Buffer) => Buffer.concat([Buffer.from([(n << 3) | 2, b.length]), b]);
  const inner = Buffer.concat([field(1, Buffer.from("quota_exhausted")), field(5, Buffer.from("rejected")), field(10, Buffer.from([8, 90]))]);
  const any = Buffer.concat([field(1, Buffer.from("type.googleapis.com/idrec.recognizer.v1.Error")), field(2, inner)]);
  const details = errorOf(field(3, any), decodeError);
  assert.equal(details?.code, "quota_exhausted");
  assert.equal(details?.outcome, "rejected");
  assert.equal(details?.retry_after_ms, 90_000);
});

test("a record has the fields that are present, and the money as text", () => {
  const f = (state: string, value = "") => ({ raw: value, value, state, confidence: 0, confidence_origin: "none" });
  const r = toRecord("a.jpg", { status: "normal", side: "portrait", fields: { name: f("present", "样"), number: f("illegible") }, findings: [], outcome: "billed",
    basis: "documented", answered_by: "live", price_milliyuan: 1042, attempts: 1, provider: "wapi", request_key: "k", call_id: "c" });
  assert.deepEqual(r.card, { name: "样" });
  assert.equal(r.price_yuan, "1.042");
  assert.equal(r.usable, true);
});
