import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { appendFileSync, copyFileSync, existsSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { away, bin, cards, eventually, flow, folder, idrec, nodeRed, post, SECRET, vendor } from "./world";

/** The children of a process that run a plugin; from /proc. */
function plugins(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  return children.filter((c) => { try { return readFileSync(`/proc/${c}/cmdline`, "utf8").includes("idrec-plugin-"); } catch { return false; } });
}

/** How far away the vendor is in the comparison with the program idrec, in milliseconds. */
const LATENCY = 50;

type Answer = { status: number; record: Record<string, any> };

test("pictures become records, and what fails goes out of the other door", async (t) => {
  const n = Number(process.env.IDREC_ENGINE_PICTURES ?? 20);
  const files = cards(t, n); // first, since drawing blocks, and servers drop connections that are idle meanwhile
  const v = await vendor(t);
  const red = await nodeRed(t);
  const allowed = path.dirname(files[0]);
  await red.deploy(flow(v.url, allowed));
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
  await t.test("the record is the one that the program idrec writes", async () => {
    const home = folder(t);
    const secret = path.join(home, "secret");
    writeFileSync(secret, SECRET, { mode: 0o600 });
    const text = path.join(home, "text.jpg");
    writeFileSync(text, "no picture");
    const env = { IDREC_WAPI_URL: v.url, IDREC_WAPI_APPID: "1", IDREC_WAPI_SECRET_FILE: secret, IDREC_RATE: "100" };
    for (const file of [files[0], files[1], text]) {
      const lines = ((): string => { try { return idrec(home, env, "recognize", file, "--output", "ndjson", "--case", "c7"); } catch (e) { return String((e as { stdout: Buffer }).stdout); } })();
      const theirs = JSON.parse(lines.split("\n")[0]) as Record<string, any>;
      const ours = JSON.parse((await post(`${red.url}/told`, "application/json", JSON.stringify({ data: readFileSync(file).toString("base64"), filename: file, idrec: { case: "c7" } }))).text) as Record<string, any>;
      for (const r of [theirs, ours]) { // what differs from call to call
        assert.ok(r.elapsed_ms > 0);
        for (const name of ["elapsed_ms", "call_id", "request_key", "answered_by", "price_yuan", "attempts"]) { assert.ok(r.error || name in r, name); delete r[name]; }
        if (r.error) { delete r.error.call_id; delete r.error.request_key; }
      }
      assert.deepEqual(ours, theirs);
    }
  });
  const paid = await v.billed(); // the program idrec has a ledger of its own
  assert.equal(paid.billed, n + 2);
  await t.test("bad input is an error record without the picture", async () => {
    for (const [body, code] of [[Buffer.from("no picture"), "not_a_picture"], ["relative.jpg", "invalid_request"], ["https://example.com/zhangsan.jpg", "url_refused"],
      [path.join(allowed, "zhangsan.jpg"), "picture_unreadable"], [allowed, "picture_unreadable"], [Buffer.alloc(0), "picture_empty"]] as const) {
      const a = await ask(body);
      assert.equal(a.status, 422, code);
      assert.ok([code, "invalid_request"].includes(a.record.error.code), `${code}: ${JSON.stringify(a.record)}`);
      assert.equal(a.record.error.outcome, "not_sent");
      assert.equal(a.record.error.class, "input");
    }
    const huge = path.join(allowed, "zhangsan-huge.jpg");
    writeFileSync(huge, "");
    truncateSync(huge, 2 ** 30); // a gigabyte that takes no room
    assert.equal((await ask(huge)).record.error.code, "message_too_large");
    assert.deepEqual(await v.billed(), paid);
  });
  await t.test("a stranger names no file outside of the folders, and does not learn whether it is there", async () => {
    const outside = path.join(folder(t), "zhangsan-secret.jpg");
    copyFileSync(files[0], outside);
    symlinkSync(outside, path.join(allowed, "zhangsan-link.jpg"));
    execFileSync("mkfifo", [path.join(allowed, "zhangsan-pipe.jpg")]);
    const said = new Set<string>();
    for (const name of [outside, path.join(path.dirname(outside), "none.jpg"), `${allowed}/../${path.basename(path.dirname(outside))}/zhangsan-secret.jpg`,
      path.join(allowed, "zhangsan-link.jpg"), path.join(allowed, "zhangsan-pipe.jpg"), "/etc/passwd", allowed + "x/none.jpg"]) {
      const a = await ask(name);
      assert.equal(a.status, 422, name);
      said.add(JSON.stringify({ ...a.record.error, call_id: "" }));
    }
    assert.equal(said.size, 1, [...said].join("\n"));
    assert.deepEqual(await v.billed(), paid);
  });
  await t.test("a message asks for nothing that pays again, and what is malformed is said", async () => {
    const data = readFileSync(files[0]).toString("base64");
    for (const idrec of [{ unsafe_buy_again: true }, { unsafe_resend_ambiguous: true }, { path: "/etc/passwd" }, { url: "http://169.254.169.254/" }, { retry: "assumed" }, { fields: "name" }, { case: 7 },
      { constructor: "x" }, "side", []]) {
      const { status, text } = await post(`${red.url}/told`, "application/json", JSON.stringify({ data, idrec }));
      const { error } = JSON.parse(text) as Record<string, any>;
      assert.equal(status, 422, JSON.stringify(idrec));
      assert.equal(error.code, "invalid_request", text);
      assert.equal(error.outcome, "not_sent");
    }
    assert.deepEqual(await v.billed(), paid);
    const { status } = await post(`${red.url}/told`, "application/json", JSON.stringify({ data, idrec: { side: "portrait", subject: "s", purpose: "p", fields: ["number"] } }));
    assert.equal(status, 200);
  });
  await t.test("a plugin that is killed is started again", async () => {
    const [old] = plugins(red.pid);
    process.kill(old, "SIGKILL");
    await eventually("it is gone", 10, () => !plugins(red.pid).includes(old));
    const a = await eventually("an answer of the next", 30, async () => { const a = await ask(readFileSync(files[1])); return a.status === 200 ? a : undefined; });
    assert.equal(a.record.answered_by, "ledger");
    assert.equal(plugins(red.pid).length, 1);
  });
  await t.test("secrets are in the credential store only, and nothing personal in the log at its finest", async () => {
    const stored = readFileSync(path.join(red.home, "flows.json"), "utf8") + readFileSync(path.join(red.home, "flows_cred.json"), "utf8");
    assert.ok(!stored.includes(SECRET));
    // What the editor, and whoever may read flows, gets.
    const told = await (await fetch(`${red.url}/flows`)).text() + await (await fetch(`${red.url}/idrec/plugins`)).text();
    const kept = await (await fetch(`${red.url}/credentials/idrec-plugin/conf`)).json();
    assert.deepEqual(kept, { has_secrets: true });
    assert.ok(!told.includes(SECRET));
    const numbers = answers.map((a) => a.record.card?.number).filter(Boolean) as string[];
    assert.ok(numbers.length > 0);
    for (const word of [SECRET, "person-0", "zhangsan", ...numbers]) assert.ok(!red.log().includes(word), `${word} in the log\n${red.log()}`);
  });
  const { billed, pictures } = await v.billed();
  assert.equal(billed, n + 2);
  assert.equal(pictures, n);
  const row = { engine: "Node-RED", version: require("node-red/package.json").version, pictures: n, results: n, errors: 0, billed: billed - 2, doubles: billed - 2 - pictures, rate: n / seconds, ratio: 0 };
  if (process.env.IDREC_ENGINES) { // beside the program idrec, in turn: other work on the machine hits both
    const ratios: number[] = [];
    for (let i = 0; i < 3; i++) {
      const near = await away(t, (await vendor(t)).url, LATENCY);
      await red.deploy(flow(near.url, allowed, `${folder(t)}/ledger.db`));
      const queue = [...files];
      await Promise.all(Array.from({ length: 8 }, async () => {
        for (let f = queue.shift(); f; f = queue.shift()) assert.equal((await ask(readFileSync(f))).record.answered_by, "live");
      }));
      const theirs = await away(t, (await vendor(t)).url, LATENCY);
      const home = folder(t);
      writeFileSync(path.join(home, "secret"), SECRET, { mode: 0o600 });
      await promisify(execFile)(path.join(bin, "idrec"), ["recognize", path.join(allowed, "person-*.jpg"), "--quiet", "--concurrency", "8", "--out", path.join(home, "out.ndjson")],
        { env: { PATH: process.env.PATH, HOME: home, XDG_STATE_HOME: home, IDREC_WAPI_URL: theirs.url, IDREC_WAPI_APPID: "1", IDREC_WAPI_SECRET_FILE: path.join(home, "secret"), IDREC_WAPI_RATE: "1000", IDREC_WAPI_BURST: "100", IDREC_WAPI_CONCURRENCY: "16" } });
      t.diagnostic(`${near.rate().toFixed(1)} pictures/s, the program idrec ${theirs.rate().toFixed(1)}`);
      row.rate = near.rate();
      ratios.push(near.rate() / theirs.rate());
    }
    row.ratio = ratios.sort((a, b) => a - b)[1];
  }
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
  const pinned = async (sha256: string) => {
    await red.deploy(flows.map((n) => n.id === "conf" ? { ...n, sha256 } : n));
    return (await ask()).code;
  };
  assert.equal(await pinned("0".repeat(64)), "plugin_refused");
  const sum = execFileSync("sha256sum", [path.join(bin, "idrec-plugin-wapi")]).toString().slice(0, 64);
  assert.equal(await pinned(sum.toUpperCase()), "not_a_picture");
  // The example is imported without settings: it starts, and says what it lacks.
  await red.deploy(JSON.parse(readFileSync(path.join(__dirname, "../../examples/http.json"), "utf8")) as object[]);
  assert.equal((await ask()).code, "configuration_invalid");
});

test("who may not read flows does not get the plugins to run", async (t) => {
  const red = await nodeRed(t, `adminAuth: { type: "credentials", users: [] },`);
  assert.equal((await fetch(`${red.url}/idrec/plugins`)).status, 401);
});

test("the editor's form is what the plugin describes", async (t) => {
  const chromium = process.env.IDREC_CHROMIUM ?? "/usr/bin/chromium";
  if (!existsSync(chromium)) {
    assert.ok(!process.env.IDREC_REQUIRE_ENGINES && !process.env.IDREC_REQUIRE_CHROMIUM, "chromium is not installed");
    t.skip("chromium is not installed");
    return;
  }
  const { default: puppeteer } = await import("puppeteer-core");
  const red = await nodeRed(t);
  await red.deploy(flow("http://127.0.0.1:1/pyi/76/194"));
  const browser = await puppeteer.launch({ executablePath: chromium, headless: true, args: ["--no-sandbox", "--disable-gpu"], timeout: 120_000 });
  t.after(() => browser.close());
  const page = await browser.newPage();
  await page.setViewport({ width: 1100, height: 1600 });
  const problems: string[] = [];
  page.on("pageerror", (e) => problems.push(String(e)));
  await page.goto(red.url, { waitUntil: "domcontentloaded", timeout: 120_000 });
  await page.waitForSelector(".red-ui-palette-node[data-palette-type=idrec]", { timeout: 120_000 });
  await page.waitForFunction(`RED.nodes.node("conf") !== null`, { timeout: 120_000 }); // the flows come after the palette
  await page.evaluate(`RED.editor.editConfig("", "idrec-plugin", "conf")`);
  await page.waitForSelector("#idrec-field-url", { timeout: 120_000 });
  const form = await page.evaluate(`Array.from(document.querySelectorAll("#idrec-fields [data-field]")).map((i) => [i.dataset.field, i.tagName, i.type, i.value])`) as [string, string, string, string][];
  const by = Object.fromEntries(form.map((f) => [f[0], f]));
  assert.equal(by.url[3], "http://127.0.0.1:1/pyi/76/194");
  assert.equal(by.secret[2], "password");
  assert.equal(by.secret[3], "", "the secret comes back to the editor");
  assert.equal(by.format[1], "SELECT");
  assert.equal(by.prepare[1], "SELECT");
  if (process.env.IDREC_SCREENSHOT) await page.screenshot({ path: process.env.IDREC_SCREENSHOT as `${string}.png` });
  // What is changed is kept, the secret that was not typed anew among it, and no default is written down.
  await page.evaluate(`$("#idrec-field-rate").val("7"); $("#node-config-dialog-ok").trigger("click")`);
  await page.waitForFunction(`JSON.parse(RED.nodes.node("conf").settings).rate === "7"`, { timeout: 60_000 });
  // All kept secrets are replaced together; a part of them replaces none.
  const type = async (secrets: Record<string, string>): Promise<unknown[]> => {
    await page.waitForFunction(`document.querySelectorAll(".red-ui-tray").length === 0`, { timeout: 60_000 });
    await page.evaluate(`RED.editor.editConfig("", "idrec-plugin", "conf")`);
    await page.waitForSelector("#idrec-field-secret", { timeout: 60_000 });
    for (const [name, v] of Object.entries(secrets)) await page.evaluate(`$("#idrec-field-${name}").val("${v}")`);
    await page.evaluate(`$("#node-config-dialog-ok").trigger("click")`);
    await page.waitForFunction(`document.querySelectorAll(".red-ui-tray").length === 0`, { timeout: 60_000 });
    return page.evaluate(`[RED.nodes.node("conf").secretNames, RED.nodes.node("conf").credentials.secrets]`) as Promise<unknown[]>;
  };
  const both = ["secret,secret_2", JSON.stringify({ secret: SECRET, secret_2: SECRET })];
  assert.deepEqual(await type({ secret: SECRET, secret_2: SECRET }), both);
  assert.deepEqual(await type({ secret_2: "x" }), both);
  const kept = await eventually("the flows are deployed", 60, async () => {
    await page.evaluate(`RED.actions.invoke("core:deploy-flows")`); // it does nothing while the dialog closes
    const text = await (await fetch(`${red.url}/flows`)).text();
    return text.includes(JSON.stringify(`"rate":"7"`).slice(1, -1)) ? text : undefined;
  });
  const conf = (JSON.parse(kept) as { id: string; settings: string }[]).find((n) => n.id === "conf")!;
  assert.deepEqual(JSON.parse(conf.settings), { url: "http://127.0.0.1:1/pyi/76/194", appid: "1", rate: "7", burst: "100", concurrency: "16" });
  assert.ok(!kept.includes(SECRET));
  assert.deepEqual(await (await fetch(`${red.url}/credentials/idrec-plugin/conf`)).json(), { has_secrets: true });
  assert.deepEqual(problems, []);
});
