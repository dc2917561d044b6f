import codes from "./codes.json";

/** An error of the contract. Its texts hold nothing personal. */
export interface ErrorDetails {
  code: string;
  message: string;
  outcome: string; // not_sent, rejected, billed, ambiguous, free
  basis?: string;
  vendor_code?: string;
  attempts?: number;
  price_milliyuan?: number;
  call_id?: string;
  request_key?: string;
  retry_after_ms?: number;
}

/** What went wrong with a call, and whether it was billed. */
export class RecognizerError extends Error {
  readonly details: ErrorDetails;

  constructor(details: ErrorDetails) {
    super(`${details.message || details.code} (${details.code}, ${details.outcome})`);
    this.name = "RecognizerError";
    this.details = details;
  }

  /** What may have been billed must not be asked for again before somebody looked. */
  get mayBeBilled(): boolean {
    return !["not_sent", "rejected", "free"].includes(this.details.outcome);
  }

  /** Who can do something about it: input, configuration, paused, transient, unclear or internal. */
  get class(): string {
    return this.mayBeBilled ? "unclear" : rowOf(this.details.code)?.class ?? "internal";
  }

  /** Whether the same request may go through later. */
  get retryable(): boolean {
    return this.class !== "unclear" && (rowOf(this.details.code)?.retryable ?? false);
  }

  /** What happened, in words. */
  get text(): string {
    return this.details.message || rowOf(this.details.code)?.meaning || this.details.code;
  }
}

/** The row of the contract's table of codes: what `idrec errors` prints. */
function rowOf(code: string): { class: string; retryable: boolean; meaning: string } | undefined {
  return codes.find((row) => row.code === code);
}

/** What was refused before anything was asked. */
export function notSent(code: string, message: string): RecognizerError {
  return new RecognizerError({ code, message, outcome: "not_sent", basis: "proved" });
}

/** Where the contract's error stands in the details of a gRPC status: the Error of idrec in an Any. */
const ERROR_TYPE = "type.googleapis.com/idrec.recognizer.v1.Error";

/** Finds the contract's error in the trailer grpc-status-details-bin, a google.rpc.Status. */
export function errorOf(status: Buffer | undefined, decode: (message: Buffer) => Record<string, unknown>): ErrorDetails | undefined {
  if (!status) return undefined;
  for (const [number, any] of bytesOf(status)) {
    if (number !== 3) continue;
    const inside = new Map(bytesOf(any));
    if (inside.get(1)?.toString() !== ERROR_TYPE) continue;
    const e = decode(inside.get(2) ?? Buffer.alloc(0)) as {
      code: string; message: string; outcome: string; basis: string; vendor_code: string; call_id: string; request_key: string;
      attempts: number; price_milliyuan: number; retry_after?: { seconds: number; nanos: number };
    };
    return {
      code: e.code, message: e.message, outcome: e.outcome, basis: e.basis, vendor_code: e.vendor_code, call_id: e.call_id,
      request_key: e.request_key, attempts: e.attempts, price_milliyuan: e.price_milliyuan, retry_after_ms: e.retry_after ? e.retry_after.seconds * 1000 + e.retry_after.nanos / 1e6 : 0,
    };
  }
  return undefined;
}

/** The fields of a protobuf message that are bytes, as pairs of number and value; it stops at what it cannot read. */
export function bytesOf(message: Buffer): [number, Buffer][] {
  const out: [number, Buffer][] = [];
  let at = 0;
  const varint = (): number => {
    for (let n = 0, scale = 1; at < message.length; scale *= 128) {
      const b = message[at++];
      n += (b & 0x7f) * scale;
      if (b < 0x80) return n;
    }
    return NaN;
  };
  while (at < message.length) {
    const tag = varint();
    if ((tag & 7) === 0) { varint(); continue; }
    const size = varint();
    if ((tag & 7) !== 2 || !(at + size <= message.length)) break;
    out.push([Math.floor(tag / 8), message.subarray(at, at + size)]);
    at += size;
  }
  return out;
}
