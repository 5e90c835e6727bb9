import { FlwrError } from "../../base/error.ts";
import { RECOMMENDED_DENO } from "../deno_version.ts";

/** A connection that Deno's HTTP server answers. */
export interface ServedConnection {
  /** Resolves when the connection has ended and its requests are answered or given up; never rejects. */
  readonly ended: Promise<void>;
  /** Closes the connection at once, whatever is under way; again without effect. */
  close(): void;
}

/** Of a signal no more is used than this. */
interface SignalPart {
  addEventListener(type: string, listener: () => void): void;
}

/** What `Deno.serve` is made of, as Deno 2.9.3 has it below its symbol `Deno.internal`. */
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
 * Hands an accepted connection to Deno's HTTP server. `Deno.serve` itself accepts whoever comes: it counts nobody, has no
 * deadline for a request's head, ends when the system has no file descriptor left, and offers HTTP/2. Who accepts the
 * connections decides all that, but Deno has no public name for the other half of it.
 *
 * @param handler must not throw
 */
export function serveConnection(
  connection: Deno.Conn,
  handler: (request: Request) => Promise<Response>,
): ServedConnection {
  let abort: (() => void) | undefined;
  // A real signal's listener would throw where nobody can catch it: Deno's fails for a connection that has just ended.
  const signal: SignalPart = { addEventListener: (_type, listener) => abort = listener };
  const { finished } = internals().serveHttpOnConnection!(
    connection,
    signal,
    // The second parameter is there because Deno answers handlers that have none by another way.
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
  // Broken connections and malformed requests end it with an error.
  return { ended: finished.catch(() => {}), close };
}

/**
 * Refuses versions of Deno that have no {@link serveConnection}, and keeps others from a warning.
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
 * Deno tells once, on stderr, that the signals of requests are aborted after answers, too, which callers of this know.
 * It would be silent by a flag of the command line, which no file can give.
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
