import type { RecognizeRequest } from "./contract";
import { notSent } from "./error";

/** What a request may hold, and of which kind. The contract's unsafe options are left out: whoever wants to pay again
 * for a picture uses the program idrec. */
const KINDS: Record<keyof RecognizeRequest, "bytes" | "text" | "texts" | "number"> = {
  data: "bytes", path: "text", url: "text", side: "text", key: "text", case: "text", subject: "text", purpose: "text", fields: "texts",
  retry: "text", sha256: "text", attempt: "number",
};

/** Whether a value is of a kind; the encoder would refuse others late, or change them silently. */
function isOf(kind: string, v: unknown): boolean {
  switch (kind) {
    case "bytes": return Buffer.isBuffer(v);
    case "texts": return Array.isArray(v) && v.every((x) => typeof x === "string");
    case "number": return Number.isSafeInteger(v);
  }
  return typeof v === "string";
}

/** The request with what the contract knows, or an error that names what is wrong: values are not quoted. */
export function checked(request: RecognizeRequest): RecognizeRequest {
  const out: Record<string, unknown> = {};
  for (const [name, v] of Object.entries(request ?? {})) {
    if (v === undefined || v === null) continue;
    const kind = Object.hasOwn(KINDS, name) ? KINDS[name as keyof RecognizeRequest] : undefined;
    if (!kind) throw notSent("invalid_request", `a request has no ${JSON.stringify(name.slice(0, 40))}: correct the name`);
    if (!isOf(kind, v)) throw notSent("invalid_request", `the request's ${name} must be of another kind: ${kind}`);
    out[name] = v;
  }
  const pictures = ["data", "path", "url"].filter((n) => n in out);
  if (pictures.length !== 1) throw notSent("invalid_request", "a request has exactly one of data, path and url");
  return out as RecognizeRequest;
}
