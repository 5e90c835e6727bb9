import type { Curve } from "../../../auth/curve.ts";
import { extendKeyList, KEY_LIST_FILE } from "../../../auth/key_list.ts";
import { readText } from "../../../auth/read_text.ts";
import type { Clock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import type { HostName } from "../../../certs/host.ts";
import { carryOut, type Change, describeChange, makeOrReplace } from "./change.ts";
import { clientsIn, exists, type Layout, layoutOf } from "./layout.ts";
import { planCertificates } from "./plan_certificates.ts";
import { planKeptPair, type PlannedPair, planNewPair } from "./plan_pairs.ts";

/** Default number of SuperNodes that get a key. */
export const DEFAULT_CLIENTS = 2;
/** Default curve of the keys: that of Flower's example. */
export const DEFAULT_CURVE: Curve = "P-384";

/** Options of {@link generateKeys}. */
export interface GenerateOptions {
  /** The folder that contains certificates/ and keys/. */
  readonly folder: string;
  /** Number of SuperNodes with a key. Default: {@link DEFAULT_CLIENTS}. */
  readonly clients?: number;
  /** Default: the curve of the SuperLink's key, or {@link DEFAULT_CURVE} for a new one. */
  readonly curve?: Curve;
  /** Hosts in the certificate, in addition to this machine's own names. */
  readonly hosts?: readonly HostName[];
  /** Validity of the certificates in days. */
  readonly days?: number;
  /** Whether to replace everything. Keys of SuperNodes beyond `clients` are removed. */
  readonly force?: boolean;
  readonly clock?: Clock;
}

/**
 * Makes the certificates of a federation, a key for its SuperLink, keys for its SuperNodes and the list of their public
 * keys. Existing files are kept, and only missing ones are made: with 2 keys and a request for 5, it makes 3 and adds
 * them to the list. A key that was removed from the list is not added again.
 *
 * All changes are planned before any file is written.
 *
 * @returns a report, one line per file that was made, replaced or removed
 * @throws FlwrError when existing files conflict with the options or cannot be read, or a file cannot be written
 */
export async function generateKeys(options: GenerateOptions): Promise<string[]> {
  const { folder, clients = DEFAULT_CLIENTS, force = false, hosts, days, clock } = options;
  const layout = layoutOf(folder);
  const before = await clientsIn(layout);
  // --curve applies to the keys only. Certificates use a curve that every TLS library supports.
  const changes = await planCertificates(layout, { hosts, days, clock }, force);
  const superLink = await planSuperLink(layout, options.curve, force);
  const nodes: PlannedPair[] = [];
  for (let index = 1; index <= clients; index++) {
    nodes.push(await planPair(layout.client(index), superLink.publicKey.curve, force));
  }
  changes.push(...superLink.changes, ...nodes.flatMap((node) => node.changes));
  if (force) {
    for (const index of before.filter((index) => index > clients)) {
      changes.push(...await planRemoval(layout.client(index)));
    }
  }
  changes.push(...await planList(layout, nodes, force));
  await Deno.mkdir(layout.certificateFolder, { recursive: true });
  await Deno.mkdir(layout.keyFolder, { recursive: true });
  for (const change of changes) await carryOut(change);
  return changes.length > 0
    ? changes.map(describeChange)
    : [`Nothing to make: certificates and ${before.length} client keys already exist`];
}

async function planPair(path: string, curve: Curve, force: boolean): Promise<PlannedPair> {
  const kept = force ? undefined : await planKeptPair(path);
  return kept ?? await planNewPair(path, curve, force);
}

async function planSuperLink(
  layout: Layout,
  curve: Curve | undefined,
  force: boolean,
): Promise<PlannedPair> {
  const pair = await planPair(layout.superLink, curve ?? DEFAULT_CURVE, force);
  if (curve !== undefined && pair.publicKey.curve !== curve) {
    throw new FlwrError(
      "failed-precondition",
      `The SuperLink's key "${layout.superLink}" uses ${pair.publicKey.curve}, not ${curve}`,
      {
        hints: [
          "All keys of a federation share one curve: leave out --curve",
          "To recreate everything, add --force",
        ],
      },
    );
  }
  return pair;
}

async function planRemoval(path: string): Promise<Change[]> {
  const files = [path, `${path}.pub`];
  const present = await Promise.all(files.map(exists));
  return files.filter((_, index) => present[index]).map((file) => ({ action: "remove", file }));
}

async function planList(
  layout: Layout,
  nodes: readonly PlannedPair[],
  force: boolean,
): Promise<Change[]> {
  const named = { file: layout.list };
  const there = !force && await exists(layout.list);
  const added = there ? nodes.filter(({ made }) => made) : nodes;
  if (added.length === 0) return [];
  const old = there ? await readText(named, KEY_LIST_FILE) : "";
  const lines = added.map(({ publicKey }) => publicKey.openssh);
  return [{
    action: there ? "extend" : await makeOrReplace(layout.list, force),
    file: layout.list,
    text: extendKeyList(old, lines, named),
    access: "public",
    note: added.length === 1 ? "1 key added" : `${added.length} keys added`,
  }];
}
