import type { KeyList, ListedKey } from "../../auth/key_list.ts";
import { log } from "../../base/log.ts";
import { nodeNameProblem } from "../../base/node_name.ts";

/**
 * What the SuperLink's owner calls nodes: the comments behind their keys in --auth-list-public-keys. A comment that cannot
 * be a name is none, so that a list of before is still taken.
 */
export class ListedNames {
  #listed: (() => KeyList) | undefined;

  /** @param listed the list as it is now */
  follow(listed: () => KeyList): void {
    this.#listed = listed;
  }

  /** @param publicKey SPKI in DER */
  of(publicKey: Uint8Array): string | undefined {
    const comment = this.#listed?.().commentOf(publicKey);
    return comment === undefined || nodeNameProblem(comment) !== undefined ? undefined : comment;
  }
}

/** Tells which comments of keys do not become names of nodes. */
export function warnOfComments(keys: readonly ListedKey[]): void {
  for (const { comment, fingerprint } of keys) {
    const problem = comment === undefined ? undefined : nodeNameProblem(comment);
    if (problem === undefined) continue;
    log("superlink").warn(
      "Key list: the comment after key {fingerprint} is not a valid node name: it {problem}",
      { fingerprint, problem },
    );
  }
}
