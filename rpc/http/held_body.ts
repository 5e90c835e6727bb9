import type { IncomingMessage } from "node:http";
import { SMALL_BODY_BYTES } from "../limits.ts";
import { announcedLength } from "./body.ts";

/** A connection below a socket of TLS, in Deno's node:tls (2.9) and in Node's. */
interface Handle {
  readStart(): unknown;
  readStop(): unknown;
  readonly _parent?: Handle | null;
}

/** A large body that is left with its sender. */
export interface HeldBody extends Disposable {
  /** Lets it come; again without effect. */
  resume(): void;
}

const NOT_HELD: HeldBody = { resume: () => {}, [Symbol.dispose]: () => {} };

/**
 * Leaves a large body with its sender until it is asked for. Nobody reads a request that nobody listens to; but TLS reads
 * on below it in Deno 2.9, and keeps what it read in memory, all of it. So the connection below TLS is what is stopped.
 */
export function heldBody(request: IncomingMessage): HeldBody {
  const below = belowTls(request.socket);
  if (below === undefined || (announcedLength(request) ?? Infinity) <= SMALL_BODY_BYTES) {
    return NOT_HELD;
  }
  below.readStop();
  let held = true;
  const resume = () => {
    if (held && !request.socket.destroyed) below.readStart();
    held = false;
  };
  return { resume, [Symbol.dispose]: resume };
}

/** Neither has a public name for it. */
function belowTls(socket: unknown): Handle | undefined {
  return (socket as { readonly _handle?: Handle | null })._handle?._parent ?? undefined;
}
