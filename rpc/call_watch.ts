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
