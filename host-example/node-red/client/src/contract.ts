// The messages of idrec.recognizer.v1 as far as a host uses them. What each field means is written in the
// proto file and in the Go package shared.

/** A setting that a plugin describes; hosts build forms from it. */
export interface ConfigField {
  name: string;
  type: "string" | "int" | "float" | "bool" | "duration" | "enum" | "money" | "path" | "url" | string;
  default: string;
  required: boolean;
  secret: boolean;
  enum: string[];
  help: string;
}

/** What a plugin says of itself. */
export interface Description {
  name: string;
  version: string;
  title: string;
  product: string;
  remote: boolean;
  paid: boolean;
  fields: ConfigField[];
}

/** Settings, as texts by the names of the fields. */
export interface Configuration {
  values?: Record<string, string>;
  secrets?: Record<string, string>;
}

/** One picture, given by exactly one of data, path and url. */
export interface RecognizeRequest {
  data?: Buffer;
  path?: string;
  url?: string;
  side?: "" | "portrait" | "emblem";
  key?: string;
  case?: string;
  subject?: string;
  purpose?: string;
  fields?: string[];
  retry?: "" | "proved" | "documented" | "assumed";
  sha256?: string;
  attempt?: number;
}

/** What was read, and what it cost. */
export interface Result {
  status: string;
  side: string;
  fields: Record<string, { raw: string; value: string; state: string; confidence: number; confidence_origin: string; quad?: { x: number; y: number }[] }>;
  number_check_vendor?: number;
  number_check_computed?: number;
  findings: { code: string; severity: string; field: string; message: string; count?: number }[];
  outcome: string;
  basis: string;
  answered_by: string;
  price_milliyuan: number;
  unrecorded?: boolean;
  attempts: number;
  provider: string;
  request_key: string;
  call_id: string;
  picture?: { sha256: string };
  extras?: Record<string, string>;
}
