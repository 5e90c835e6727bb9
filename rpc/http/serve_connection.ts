import { FlwrError } from "../../base/error.ts";
import { RECOMMENDED_DENO } from "../deno_version.ts";

/** A connection that Deno's HTTP server answers. */
export interface ServedConnection {
  /** Resolves when the connection has ended and its requests are answered or given up; never rejects. */
  readonly ended: Promise<void>;
  /** Closes the connection at once, whatever is under way; again without effect. */
  close(): void;
}

/** The part of AbortSignal that Deno's HTTP server uses. */
interface SignalPart {
  addEventListener(type: string, listener: () => void): void;
}

/** Internals of `Deno.serve`, as Deno 2.9.3 exposes them under its symbol `Deno.internal`. */
interface Internals {
  readonly serveHttpOnConnection?: (
    connection: Deno.Conn,
    signal: SignalPart,
    handler: (request: Request, info: unknown) => Promise<Response>,
    onError: (error: unknown) => Response,
    onListen: (scheme: string) => void,
  ) => { readonly finished: Promise<void> };
}

/**
 * Serves an accepted connection with Deno's HTTP server.
 *
 * `Deno.serve` accepts connections itself, without a limit on their number or on the time for a request's headers. It
 * also ends when the system has no file descriptor left, and offers HTTP/2. All of that can be controlled by code
 * that accepts the connections, but Deno has no public API for serving one.
 *
 * @param handler must not throw
 */
export function serveConnection(
  connection: Deno.Conn,
  handler: (request: Request) => Promise<Response>,
): ServedConnection {
  let abort: (() => void) | undefined;
  // With a real signal, Deno's listener throws uncatchably for a connection that has just ended.
  const signal: SignalPart = { addEventListener: (_type, listener) => abort = listener };
  const { finished } = internals().serveHttpOnConnection!(
    connection,
    signal,
    // The second parameter is needed: Deno takes a different path for handlers without it.
    (request, _info) => handler(request),
    () => new Response(null, { status: 500 }),
    () => {},
  );
  const close = () => {
    try {
      abort?.();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
    abort = undefined;
  };
  // Broken connections and malformed requests reject it.
  return { ended: finished.catch(() => {}), close };
}

/**
 * Checks that this version of Deno has the internals for {@link serveConnection}, and suppresses a warning of Deno's.
 *
 * @throws FlwrError "failed-precondition"
 */
export function checkCanServe(): void {
  if (typeof internals().serveHttpOnConnection !== "function") {
    throw new FlwrError("failed-precondition", `Deno ${Deno.version.deno} cannot serve HTTP here`, {
      hints: [`Use Deno ${RECOMMENDED_DENO}: npx -y deno@${RECOMMENDED_DENO} …`],
    });
  }
  withoutWarning();
}

const WARNING = "Deno.serve: request.signal aborts on successful responses";
let warningExpected = true;

/**
 * Suppresses Deno's one-time warning that request signals are also aborted after responses, which this code expects.
 * The official way is a command-line flag, which no configuration file can set.
 */
function withoutWarning(): void {
  if (!warningExpected) return;
  warningExpected = false;
  const { warn } = console;
  console.warn = (...words: unknown[]) => {
    if (typeof words[0] !== "string" || !words[0].startsWith(WARNING)) return warn(...words);
    console.warn = warn;
  };
}

function internals(): Internals {
  const { internal } = Deno as unknown as { readonly internal: symbol };
  return (Deno as unknown as Record<symbol, Internals | undefined>)[internal] ?? {};
}
