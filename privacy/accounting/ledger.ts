/** The privacy loss of a number of releases together. */
export interface PrivacyLedger {
  /** Name of the accounting method. */
  readonly method: "rdp" | "pld";
  /** The smallest ε that the method can show at `delta`, in nats; Infinity if it can show none. */
  epsilon(delta: number): number;
  /** The smallest δ that the method can show at `epsilon`. */
  delta(epsilon: number): number;
}
