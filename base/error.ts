/** Kind of an error. Command line, gRPC and HTTP map it to their own status. */
export type ErrorCode =
  | "invalid-argument" // the caller's value is wrong in any state
  | "failed-precondition" // the value is fine, the state is not: no TLS, key pair mismatch, file exists
  | "not-found"
  | "already-exists"
  | "unauthenticated"
  | "permission-denied"
  | "resource-exhausted" // a limit was reached: each room has its own in a limits.ts
  | "unavailable" // the other end cannot be reached now; trying again can help
  | "deadline-exceeded"
  | "cancelled"
  | "unimplemented"
  | "data-loss" // stored or downloaded bytes do not match their digest
  | "internal"; // a bug of this program

/** Additional parts of an error: hints and cause. */
export interface FlwrErrorOptions {
  /** Next steps for the user, one sentence each, at most three. */
  hints?: readonly string[];
  /** The underlying error: for the log, never for the other end of a connection. */
  cause?: unknown;
}

/**
 * The project's only error type.
 *
 * The message is a sentence for people: upper case first, no full stop, the value in quotes, the current state
 * after a colon. Anything else that is thrown is a bug and reported as "internal".
 */
export class FlwrError extends Error {
  /** Always "FlwrError". */
  override readonly name = "FlwrError";
  /** Kind of the error, for programs. */
  readonly code: ErrorCode;
  /** Next steps for the user, one sentence each. */
  readonly hints: readonly string[];

  /**
   * Creates an error.
   *
   * @param code kind of the error
   * @param message one sentence for people, without a full stop
   */
  constructor(code: ErrorCode, message: string, options: FlwrErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hints = options.hints ?? [];
  }

  /** Returns the given error itself, or wraps another one as "internal" with it as the cause. */
  static from(error: unknown): FlwrError {
    if (error instanceof FlwrError) return error;
    const message = error instanceof Error ? error.message : String(error);
    return new FlwrError("internal", message, { cause: error });
  }
}
