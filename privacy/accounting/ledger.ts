/** An accounting method: Rényi differential privacy, or distributions of the privacy loss. */
export type AccountingMethod = "rdp" | "pld";

/** The privacy loss of a number of releases together. */
export interface PrivacyLedger {
  /** Name of the accounting method. */
  readonly method: AccountingMethod;
  /** The smallest ε that the method can show at `delta`, in nats; Infinity if it can show none. */
  epsilon(delta: number): number;
  /** The smallest δ that the method can show at `epsilon`. */
  delta(epsilon: number): number;
}
