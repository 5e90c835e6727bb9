/** Where a SuperLink of this flwr says that artifacts are. */
const PATH = /^(\/artifacts\/[0-9a-f]{64}\/)run-(\d{1,20})\.zip$/;

/**
 * The folder of URLs in which a run's artifacts lie, by the URL that PullArtifacts gave: its list is `index.json` there,
 * each file is below `files/`.
 *
 * @param server "host:port" that was asked
 * @returns undefined for a URL that is not the asked SuperLink's own, as those of Flower's artifact providers are
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
