import { dirname, join } from "node:path";

/**
 * Most characters of a folder for Ray (2.55). It puts sockets into `ray/session_<time>_<process>/sockets/plasma_store`
 * below, which takes 68 more, and a socket's path may have 103 on macOS and 107 on Linux.
 */
const MAX_RAY_FOLDER_CHARS = 35;

/**
 * The environment variables that make Ray put its session's files into a folder, which can then be removed with them.
 * Otherwise every run leaves a session in `/tmp/ray`.
 *
 * @param folder an empty folder in the machine's folder for temporary files
 * @param env the environment to which the variables will be added
 * @returns no variables where Ray needs its own folder: the user has named one or another cluster, a cluster that
 * `ray start` started is used, or the path is too long
 */
export async function rayFolderVariables(
  folder: string,
  env: Readonly<Record<string, string>> = Deno.env.toObject(),
): Promise<Record<string, string>> {
  if ("RAY_TMPDIR" in env || "RAY_ADDRESS" in env) return {};
  if (folder.length > MAX_RAY_FOLDER_CHARS) return {};
  const cluster = join(dirname(folder), "ray", "ray_current_cluster");
  const isStarted = await Deno.stat(cluster).then(() => true, () => false);
  return isStarted ? {} : { RAY_TMPDIR: folder };
}
