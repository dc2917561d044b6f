import type { Result } from "./contract";
import { RecognizerError } from "./error";

/** One picture's result or error, as the program idrec writes it: the field names are a contract. It is personal. */
export interface CardRecord {
  source: string;
  [field: string]: unknown;
}

/** What the caller knows of a picture besides its result. */
export interface Told {
  case?: string;
  elapsedMs?: number;
}

const milliyuan = (m: number) => `${Math.trunc(m / 1000)}.${String(m % 1000).padStart(3, "0")}`;

/** Leaves out what is empty, as the contract does. */
function filled<T extends object>(o: T): Partial<T> {
  return Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined && v !== null && v !== "" && v !== 0 && v !== false)) as Partial<T>;
}

function notEmpty<T extends object>(o: T | undefined): T | undefined {
  return o && Object.keys(o).length > 0 ? o : undefined;
}

/** The record of a result. */
export function toRecord(source: string, r: Result, told: Told = {}): CardRecord {
  const card: Record<string, string> = {};
  const fields: Record<string, unknown> = {};
  for (const [name, f] of Object.entries(r.fields)) {
    if (f.state === "present") card[name] = f.value;
    fields[name] = { ...filled({ raw: f.raw, value: f.value, state: f.state }), confidence: { value: f.confidence, origin: f.confidence_origin }, ...filled({ quad: notEmpty(f.quad) }) };
  }
  // Judgements of the number may be 0.
  const check: Record<string, number> = {};
  if (typeof r.number_check_vendor === "number") check.vendor = r.number_check_vendor;
  if (typeof r.number_check_computed === "number") check.computed = r.number_check_computed;
  const usable = ["normal", "reversed_side"].includes(r.status) && Object.values(r.fields).some((f) => ["present", "masked"].includes(f.state));
  return {
    source,
    ...filled({ sha256: r.picture?.sha256, case: told.case, provider: r.provider, side: r.side, status: r.status }),
    usable,
    ...filled({
      card: notEmpty(card), fields: notEmpty(fields), number_check: notEmpty(check),
      findings: notEmpty(r.findings.map((f) => ({ code: f.code, severity: f.severity, ...filled({ field: f.field }), message: f.message, ...filled({ count: f.count }) }))),
      outcome: r.outcome, basis: r.basis, answered_by: r.answered_by,
    }),
    price_yuan: milliyuan(r.price_milliyuan),
    ...filled({ unrecorded: r.unrecorded }),
    attempts: r.attempts,
    ...(told.elapsedMs === undefined ? {} : { elapsed_ms: told.elapsedMs }),
    ...filled({ request_key: r.request_key, call_id: r.call_id, extras: notEmpty(r.extras) }),
  };
}

/** The record of an error; what is no error of the contract is a defect. */
export function errorRecord(source: string, error: unknown, told: Told = {}): CardRecord {
  const e = error instanceof RecognizerError ? error : new RecognizerError({ code: "internal", message: "a defect of the host", outcome: "ambiguous" });
  const d = e.details;
  return {
    source,
    ...filled({ case: told.case }),
    ...(told.elapsedMs === undefined ? {} : { elapsed_ms: told.elapsedMs }),
    error: {
      code: d.code, class: e.class, message: e.text, ...filled({ vendor_code: d.vendor_code }), outcome: d.outcome, ...filled({ basis: d.basis }), retryable: e.retryable,
      ...filled({ retry_after_ms: d.retry_after_ms, attempts: d.attempts, price_yuan: d.price_milliyuan ? milliyuan(d.price_milliyuan) : "", call_id: d.call_id, request_key: d.request_key }),
    },
  };
}
