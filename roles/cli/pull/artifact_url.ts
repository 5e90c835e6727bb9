/** Path of an artifact URL from one of our SuperLinks. */
const PATH = /^(\/artifacts\/[0-9a-f]{64}\/)run-(\d{1,20})\.zip$/;

/**
 * Returns the base URL of a run's artifacts, from the URL that PullArtifacts returned. The list is at `index.json`, the
 * files are below `files/`.
 *
 * @param server "host:port" of the SuperLink
 * @returns undefined for a URL of another server, such as one of Flower's artifact providers
 */
export function ownFolder(
  url: string,
  runId: bigint,
  { server, insecure }: { readonly server: string; readonly insecure: boolean },
): URL | undefined {
  const scheme = insecure ? "http:" : "https:";
  if (!URL.canParse(url) || !URL.canParse(`${scheme}//${server}`)) return undefined;
  const given = new URL(url);
  const asked = new URL(`${scheme}//${server}`);
  const [, folder, id] = PATH.exec(given.pathname) ?? [];
  const own = folder !== undefined && id === String(runId) && given.search === "" &&
    given.protocol === scheme && given.hostname === asked.hostname;
  return own ? new URL(folder, given) : undefined;
}
