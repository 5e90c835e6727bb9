/** Up to which signed time each peer's signatures may have been accepted, in a store. */
export interface SignerTable {
  /** All of them, by peer. */
  all(): Promise<Map<string, number>>;
  /** Notes a time in the place of the one that is there. @param until Unix time in seconds */
  put(peer: string, until: number): Promise<void>;
  /** Forgets those that are earlier. */
  forget(before: number): Promise<void>;
}
