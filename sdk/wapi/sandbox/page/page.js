"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const path = document.body.dataset.path;
  const limit = Number(document.body.dataset.limit);
  const names = ["appid", "format", "id_card_side", "time", "url_image"];
  let dropped = ""; // base64 of a picture that was dropped or chosen; the text field goes before it

  // Languages.
  const root = document.documentElement;
  const say = (zh, en) => (root.lang === "en" ? en : zh);
  const speak = (lang) => { root.lang = lang; refresh(); };

  // MD5 (RFC 1321) of bytes, in lower-case hexadecimal: browsers have no MD5 of their own.
  const turns = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
  const sines = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32));
  function md5(bytes) {
    const n = bytes.length;
    const whole = n - (n % 64);
    const tail = new Uint8Array(n % 64 < 56 ? 64 : 128);
    tail.set(bytes.subarray(whole));
    tail[n % 64] = 0x80;
    const end = new DataView(tail.buffer);
    end.setUint32(tail.length - 8, (n * 8) >>> 0, true);
    end.setUint32(tail.length - 4, Math.floor(n / 2 ** 29), true);
    const state = new Int32Array([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]);
    const words = new Int32Array(16);
    const mix = (view, length) => {
      for (let at = 0; at < length; at += 64) {
        for (let i = 0; i < 16; i++) words[i] = view.getInt32(at + 4 * i, true);
        let a = state[0], b = state[1], c = state[2], d = state[3];
        for (let i = 0; i < 64; i++) {
          let f, g;
          if (i < 16) { f = (b & c) | (~b & d); g = i; }
          else if (i < 32) { f = (d & b) | (~d & c); g = (5 * i + 1) & 15; }
          else if (i < 48) { f = b ^ c ^ d; g = (3 * i + 5) & 15; }
          else { f = c ^ (b | ~d); g = (7 * i) & 15; }
          const sum = (a + f + sines[i] + words[g]) | 0;
          const turn = turns[((i >> 4) << 2) | (i & 3)];
          a = d; d = c; c = b;
          b = (b + ((sum << turn) | (sum >>> (32 - turn)))) | 0;
        }
        state[0] += a; state[1] += b; state[2] += c; state[3] += d;
      }
    };
    mix(new DataView(bytes.buffer, bytes.byteOffset, whole), whole);
    mix(end, tail.length);
    const out = new DataView(new ArrayBuffer(16));
    state.forEach((word, i) => out.setInt32(4 * i, word, true));
    return Array.from(new Uint8Array(out.buffer), (x) => x.toString(16).padStart(2, "0")).join("");
  }

  const short = (s) => (s.length <= 160 ? s : s.slice(0, 64) + "…(" + s.length + ")…" + s.slice(-32));
  const quote = (s) => "'" + s.replaceAll("'", "'\\''") + "'";
  const isURL = (s) => /^https?:\/\//i.test(s);

  // sign reads the form. What it returns holds the secret only in the digest.
  function sign() {
    if ($("fresh").checked) $("time").value = String(Math.floor(Date.now() / 1000));
    const values = Object.fromEntries(names.map((n) => [n, $(n).value]));
    values.url_image = values.url_image.trim() || dropped;
    const signed = names.filter((n) => values[n] !== ""); // names are in byte order already
    const joined = signed.map((n) => n + values[n]).join("");
    const digest = md5(new TextEncoder().encode(joined + $("secret").value));
    const pairs = [...signed.map((n) => [n, values[n]]), ["sign", digest]]; // sign last
    return { values, signed, digest, pairs };
  }

  const encode = (pairs) => pairs.map(([n, v]) => n + "=" + encodeURIComponent(v)).join("&");

  function refresh() {
    const s = sign();
    const rows = names.map((n) => {
      const row = document.createElement("tr");
      for (const text of [n, short(s.values[n])]) row.insertCell().textContent = text;
      row.className = s.signed.includes(n) ? "" : "out";
      return row;
    });
    $("sorted").tBodies[0].replaceChildren(...rows);
    $("tosign").textContent = s.signed.map((n) => n + short(s.values[n])).join("") + "•".repeat($("secret").value.length);
    $("sign").textContent = s.digest;
    showRequest(s);
    showPicture(s.values.url_image);
    return s;
  }

  function showRequest(s) {
    const get = $("method").value === "GET";
    const form = encode(s.pairs.map(([n, v]) => [n, n === "url_image" && !isURL(v) ? v.slice(0, 64) : v]));
    const cut = !isURL(s.values.url_image) && s.values.url_image.length > 64;
    const shown = cut ? form.replace(/(url_image=[^&]*)/, "$1…(" + encodeURIComponent(s.values.url_image).length + ")…") : form;
    $("request").textContent = get
      ? "GET " + path + "?" + shown + " HTTP/1.1\nHost: " + location.host
      : "POST " + path + " HTTP/1.1\nHost: " + location.host +
        "\nContent-Type: application/x-www-form-urlencoded;charset=utf-8\nContent-Length: " + encode(s.pairs).length + "\n\n" + shown;
    const args = s.pairs.map(([n, v]) => "  --data-urlencode " + (n === "url_image" && !isURL(v) && v.length > 256 ? "url_image@picture.b64" : quote(n + "=" + v)));
    const lines = [(get ? "curl -G " : "curl ") + quote(location.origin + path), ...args];
    const prefix = args.some((a) => a.includes("@picture.b64")) ? "openssl base64 -A -in picture.jpg -out picture.b64\n" : "";
    $("curl").textContent = prefix + lines.join(" \\\n");
  }

  function showPicture(v) {
    const box = $("picture");
    box.className = "";
    box.textContent = "";
    if (v === "" || isURL(v)) return;
    const n = encodeURIComponent(v).length;
    box.textContent = say("编码后 ", "encoded ") + n + " / " + limit + say(" 字节", " bytes");
    if (n > limit) box.className = "bad";
  }

  async function send(event) {
    event.preventDefault();
    const s = refresh();
    const form = encode(s.pairs);
    $("send").disabled = true;
    $("status").className = "";
    $("status").textContent = "…";
    $("answer").textContent = "";
    document.querySelectorAll("#codes .hit").forEach((row) => row.classList.remove("hit"));
    const began = performance.now();
    try {
      const answer = $("method").value === "GET"
        ? await fetch(path + "?" + form, { redirect: "manual", cache: "no-store" })
        : await fetch(path, { method: "POST", body: form, redirect: "manual", headers: { "Content-Type": "application/x-www-form-urlencoded;charset=utf-8" } });
      const text = await answer.text();
      show(answer, text, performance.now() - began);
    } catch (failure) {
      $("status").className = "bad";
      $("status").textContent = say("没有收到完整应答：", "no whole answer: ") + failure.message;
    } finally {
      $("send").disabled = false;
    }
  }

  function show(answer, text, took) {
    $("status").textContent = "HTTP " + answer.status + " · " + took.toFixed(0) + " ms · " + (answer.headers.get("Content-Type") || "");
    let code = "";
    try {
      const value = JSON.parse(text);
      code = String(value.codeid);
      text = JSON.stringify(value, null, 2);
    } catch {
      const found = /<codeid>(\d+)<\/codeid>/.exec(text);
      if (found) code = found[1];
    }
    $("answer").textContent = text;
    const row = $("code-" + code);
    if (row) row.classList.add("hit");
  }

  function take(file) {
    const reader = new FileReader();
    reader.onload = () => {
      dropped = reader.result.slice(reader.result.indexOf(",") + 1);
      $("url_image").value = "";
      refresh();
    };
    reader.readAsDataURL(file);
  }

  $("language").addEventListener("click", () => speak(root.lang === "en" ? "zh-CN" : "en"));
  $("form").addEventListener("submit", send);
  let waiting = 0; // a large picture is not hashed at every key
  $("form").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(refresh, 100); });
  $("time").addEventListener("input", () => { $("fresh").checked = false; });
  $("file").addEventListener("change", () => { if ($("file").files.length > 0) take($("file").files[0]); });
  const zone = $("drop");
  for (const kind of ["dragover", "dragleave", "drop"]) {
    zone.addEventListener(kind, (event) => {
      event.preventDefault();
      zone.classList.toggle("over", kind === "dragover");
      if (kind === "drop" && event.dataTransfer.files.length > 0) take(event.dataTransfer.files[0]);
    });
  }
  const wanted = new URLSearchParams(location.search).get("lang") || navigator.language;
  speak(wanted.startsWith("zh") ? "zh-CN" : "en");
})();
