// Files that messages may name. Messages come from strangers, as a flow with an "http in" node hands on what was posted,
// so a name counts only in folders that the flow's author has allowed.
import { constants } from "node:fs";
import { open, realpath } from "node:fs/promises";
import path from "node:path";
import { notSent } from "idrec-plugin-client";

export const MAX_PICTURE = 32 << 20; // bytes, as the contract says

/** The folders of a list with commas or line ends between them; those that are not named from the root are none. */
export function foldersOf(list: string | undefined): string[] {
  return (list ?? "").split(/[,\n]/).map((f) => f.trim()).filter((f) => path.isAbsolute(f));
}

/** Reads a picture from one of the folders. No "..", no link leads out of them. */
export async function readPicture(name: string, folders: string[]): Promise<Buffer> {
  if (folders.length === 0) throw notSent("invalid_request", "this node takes no file names: name the folders that it may read from, or give a buffer");
  const gone = () => { throw notSent("picture_unreadable", "the file is not there, is none, or lies in no folder that this node may read from"); };
  // Where the name leads in the end, and whether that is in a folder.
  const at = await realpath(name).catch(gone) as string;
  const roots = (await Promise.all(folders.map((f) => realpath(f).catch(() => "")))).filter(Boolean);
  if (!roots.some((root) => at.startsWith(root.endsWith(path.sep) ? root : root + path.sep))) gone();
  // O_NONBLOCK: a named pipe would wait for its writer. O_NOFOLLOW: a link that was put there meanwhile is none. Windows has neither.
  const file = await open(at, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0)).catch(gone) as Awaited<ReturnType<typeof open>>;
  try {
    const info = await file.stat();
    if (!info.isFile()) gone();
    if (info.size > MAX_PICTURE) throw notSent("message_too_large", "the picture is larger than 32 MiB: make it smaller");
    return await file.readFile();
  } finally {
    await file.close();
  }
}
