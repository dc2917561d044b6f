import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { notSent } from "./error";

/** Refuses a file whose content is not the pinned one. Keep the file where only its owner can write: between this look
 * and the start it must not be exchanged. */
export async function checkFile(file: string, sha256: string): Promise<void> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash).catch(() => { throw notSent("plugin_failed", "the plugin's file cannot be read"); });
  if (hash.digest("hex") !== sha256.trim().toLowerCase()) {
    throw notSent("plugin_refused", "the plugin's file is not the pinned one: its SHA-256 differs");
  }
}
