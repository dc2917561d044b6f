import { readdir, stat } from "node:fs/promises";
import path from "node:path";

const PREFIX = "idrec-plugin-";

/** A plugin's file. Nothing of it has been run. */
export interface FoundPlugin {
  name: string;
  path: string;
}

/** The plugins in the folders, given from the root; where a name is found twice, the first counts. */
export async function findPlugins(folders: string[]): Promise<FoundPlugin[]> {
  const found = new Map<string, string>();
  for (const folder of folders.filter((f) => path.isAbsolute(f))) {
    for (const file of (await readdir(folder).catch(() => [])).sort()) {
      const name = path.basename(file, ".exe").slice(PREFIX.length);
      if (!file.startsWith(PREFIX) || !/^[a-z0-9][a-z0-9-]*$/.test(name) || found.has(name)) continue;
      const at = path.join(folder, file);
      const info = await stat(at).catch(() => undefined);
      if (info?.isFile() && (process.platform === "win32" || (info.mode & 0o111) !== 0)) found.set(name, at);
    }
  }
  return [...found].map(([name, at]) => ({ name, path: at }));
}
