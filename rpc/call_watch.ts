import type { Message } from "@bufbuild/protobuf";
import type { AuthenticatedCall, CallHead } from "./call.ts";

/** How a call ended. */
export type CallOutcome =
  | { readonly response: unknown } // undefined for a stream
  | { readonly error: unknown };

/** Follows the calls of a method from outside its handler, for example to record who made them. */
export interface CallWatch {
  /**
   * Called when the caller is identified, before the handler.
   *
   * @returns a function that gets the outcome; undefined if nobody wants to know
   * @throws FlwrError to refuse the call. The handler is then not called
   */
  begin(
    call: AuthenticatedCall<unknown>,
    request: Message,
  ): Promise<((outcome: CallOutcome) => void) | undefined>;
  /** Called for a call that was refused before its caller was identified. */
  refused(call: CallHead, error: unknown): void;
}

/**
 * Notes on a refusal who was refused, for a {@link CallWatch}. The caller does not see it.
 *
 * @param caller what `authenticate` would return, or the known part of it
 */
export function refusalOf<E extends Error>(error: E, caller: unknown): E {
  return Object.assign(error, { refusedCaller: caller });
}

/** Who was refused, if {@link refusalOf} noted it. */
export function refusedCallerOf(error: unknown): unknown {
  return error instanceof Error && "refusedCaller" in error ? error.refusedCaller : undefined;
}
