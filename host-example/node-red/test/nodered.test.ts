import assert from "node:assert/strict";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { cards, eventually, flow, nodeRed, post, SECRET, vendor } from "./world";

/** The children of a process that run a plugin; from /proc. */
function plugins(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  return children.filter((c) => { try { return readFileSync(`/proc/${c}/cmdline`, "utf8").includes("idrec-plugin-"); } catch { return false; } });
}

type Answer = { status: number; record: Record<string, any> };

test("pictures become records, and what fails goes out of the other door", async (t) => {
  const n = Number(process.env.IDREC_ENGINE_PICTURES ?? 20);
  const files = cards(t, n); // first, since drawing blocks, and servers drop connections that are idle meanwhile
  const v = await vendor(t);
  const red = await nodeRed(t);
  await red.deploy(flow(v.url));
  const ask = async (body: Buffer | string): Promise<Answer> => {
    const { status, text } = await post(`${red.url}/read`, typeof body === "string" ? "text/plain" : "application/octet-stream", body);
    return { status, record: JSON.parse(text) as Record<string, any> };
  };
  const begin = Date.now();
  const answers: Answer[] = [];
  const queue = [...files];
  await Promise.all(Array.from({ length: 8 }, async () => {
    for (let f = queue.shift(); f; f = queue.shift()) answers.push(await ask(readFileSync(f)));
  }));
  const seconds = (Date.now() - begin) / 1000;
  assert.equal(answers.filter((a) => a.status === 200 && a.record.status === "normal").length, n, JSON.stringify(answers.find((a) => a.status !== 200)));

  await t.test("a file name and a picture again are answered from the ledger", async () => {
    const a = await ask(files[0]);
    assert.equal(a.status, 200);
    assert.equal(a.record.answered_by, "ledger");
    assert.equal(a.record.source, files[0]);
    assert.equal(a.record.price_yuan, "0.000");
  });
  await t.test("bad input is an error record without the picture", async () => {
    const before = await v.billed();
    for (const [body, code] of [[Buffer.from("no picture"), "not_a_picture"], ["relative.jpg", "invalid_request"], ["/none/zhangsan.jpg", "picture_unreadable"], [Buffer.alloc(0), "picture_empty"]] as const) {
      const a = await ask(body);
      assert.equal(a.status, 422, code);
      assert.ok([code, "invalid_request"].includes(a.record.error.code), `${code}: ${JSON.stringify(a.record)}`);
      assert.equal(a.record.error.outcome, "not_sent");
    }
    assert.deepEqual(await v.billed(), before);
  });
  await t.test("a plugin that is killed is started again", async () => {
    const [old] = plugins(red.pid);
    process.kill(old, "SIGKILL");
    await eventually("it is gone", 10, () => !plugins(red.pid).includes(old));
    const a = await eventually("an answer of the next", 30, async () => { const a = await ask(readFileSync(files[1])); return a.status === 200 ? a : undefined; });
    assert.equal(a.record.answered_by, "ledger");
    assert.equal(plugins(red.pid).length, 1);
  });
  await t.test("secrets are in the credential store only, and nothing personal in the log", () => {
    const stored = readFileSync(path.join(red.home, "flows.json"), "utf8") + readFileSync(path.join(red.home, "flows_cred.json"), "utf8");
    assert.ok(!stored.includes(SECRET));
    for (const word of [SECRET, "person-0", "zhangsan"]) assert.ok(!red.log().includes(word), `${word} in the log\n${red.log()}`);
  });
  const { billed, pictures } = await v.billed();
  assert.equal(billed, n);
  assert.equal(pictures, n);
  const row = { engine: "Node-RED", version: require("node-red/package.json").version, pictures: n, results: n, errors: 0, billed, doubles: billed - pictures, rate: n / seconds, ratio: 0 };
  t.diagnostic(JSON.stringify(row));
  if (process.env.IDREC_ENGINES) appendFileSync(process.env.IDREC_ENGINES, JSON.stringify(row) + "\n");

  await t.test("a new deployment ends the old plugin", async () => {
    const [old] = plugins(red.pid);
    await red.deploy([]);
    await eventually("it is gone", 20, () => !plugins(red.pid).includes(old));
  });
});

test("what is wrong with the configuration is said at the node's error output", async (t) => {
  const red = await nodeRed(t);
  const flows = flow("http://127.0.0.1:1/pyi/76/194") as Record<string, any>[];
  const ask = async () => {
    const { text } = await post(`${red.url}/read`, "application/octet-stream", Buffer.from("x"));
    return (JSON.parse(text) as { error: { code: string; outcome: string } }).error;
  };
  await red.deploy(flows.map((n) => n.id === "conf" ? { ...n, plugin: "nobody" } : n));
  assert.equal((await ask()).code, "plugin_not_found");
  await red.deploy(flows.map((n) => n.id === "conf" ? { ...n, credentials: { secrets: "{}" } } : n));
  assert.equal((await ask()).code, "configuration_invalid");
});

test("the editor's form is what the plugin describes", async (t) => {
  const chromium = process.env.IDREC_CHROMIUM ?? "/usr/bin/chromium";
  if (!existsSync(chromium)) {
    assert.ok(!process.env.IDREC_REQUIRE_ENGINES, "chromium is not installed");
    t.skip("chromium is not installed");
    return;
  }
  const { default: puppeteer } = await import("puppeteer-core");
  const red = await nodeRed(t);
  await red.deploy(flow("http://127.0.0.1:1/pyi/76/194"));
  const browser = await puppeteer.launch({ executablePath: chromium, headless: true, args: ["--no-sandbox", "--disable-gpu"], timeout: 120_000 });
  t.after(() => browser.close());
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on("pageerror", (e) => problems.push(String(e)));
  await page.goto(red.url, { waitUntil: "domcontentloaded", timeout: 120_000 });
  await page.waitForSelector(".red-ui-palette-node[data-palette-type=idrec]", { timeout: 120_000 });
  await page.evaluate(`RED.editor.editConfig("", "idrec-plugin", "conf")`);
  await page.waitForSelector("#idrec-field-url", { timeout: 60_000 });
  const form = await page.evaluate(`Array.from(document.querySelectorAll("#idrec-fields [data-field]")).map((i) => [i.dataset.field, i.tagName, i.type, i.value])`) as [string, string, string, string][];
  const by = Object.fromEntries(form.map((f) => [f[0], f]));
  assert.equal(by.url[3], "http://127.0.0.1:1/pyi/76/194");
  assert.equal(by.secret[2], "password");
  assert.equal(by.secret[3], "", "the secret comes back to the editor");
  assert.equal(by.format[1], "SELECT");
  assert.equal(by.prepare[1], "SELECT");
  if (process.env.IDREC_SCREENSHOT) await page.screenshot({ path: process.env.IDREC_SCREENSHOT as `${string}.png` });
  assert.deepEqual(problems, []);
});
