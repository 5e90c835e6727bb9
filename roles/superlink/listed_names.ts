import type { KeyList, ListedKey } from "../../auth/key_list.ts";
import { log } from "../../base/log.ts";
import { nodeNameProblem } from "../../base/node_name.ts";

/**
 * Names that the SuperLink's owner gave to nodes: the comments after their keys in --auth-list-public-keys. A comment
 * that is not a valid name is ignored, so existing lists remain valid.
 */
export class ListedNames {
  #listed: (() => KeyList) | undefined;

  /** Sets the source of the names. @param listed returns the current list */
  follow(listed: () => KeyList): void {
    this.#listed = listed;
  }

  /** The name of a node's key. @param publicKey SPKI in DER */
  of(publicKey: Uint8Array): string | undefined {
    const comment = this.#listed?.().commentOf(publicKey);
    return comment === undefined || nodeNameProblem(comment) !== undefined ? undefined : comment;
  }
}

/** Warns about comments of keys that are not valid node names. */
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
