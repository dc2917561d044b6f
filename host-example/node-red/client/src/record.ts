import type { Result } from "./contract";
import { RecognizerError } from "./error";

/** One picture's result or error, as the program idrec writes it: the field names are a contract. It is personal. */
export interface CardRecord {
  source: string;
  [field: string]: unknown;
}

const milliyuan = (m: number) => `${Math.trunc(m / 1000)}.${String(m % 1000).padStart(3, "0")}`;

/** The record of a result. */
export function toRecord(source: string, r: Result): CardRecord {
  const card: Record<string, string> = {};
  const fields: Record<string, unknown> = {};
  for (const [name, f] of Object.entries(r.fields)) {
    if (f.state === "present") card[name] = f.value;
    fields[name] = { raw: f.raw, value: f.value, state: f.state, confidence: { value: f.confidence, origin: f.confidence_origin } };
  }
  const usable = ["normal", "reversed_side"].includes(r.status) && Object.values(r.fields).some((f) => ["present", "masked"].includes(f.state));
  return {
    source, sha256: r.picture?.sha256, provider: r.provider, side: r.side, status: r.status, usable, card, fields, findings: r.findings,
    outcome: r.outcome, basis: r.basis, answered_by: r.answered_by, price_yuan: milliyuan(r.price_milliyuan), attempts: r.attempts,
    request_key: r.request_key, call_id: r.call_id,
  };
}

/** The record of an error; what is no error of the contract is a defect. */
export function errorRecord(source: string, error: unknown): CardRecord {
  const details = error instanceof RecognizerError ? error.details : { code: "internal", message: "a defect of the host", outcome: "ambiguous" };
  return { source, error: details };
}
