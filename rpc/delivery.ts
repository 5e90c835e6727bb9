import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptor,
  status as Status,
} from "@grpc/grpc-js";

/** grpc-js hands interceptors and handler the same metadata object, and nothing else that is common to both. */
const outcomes = new WeakMap<Metadata, Promise<boolean>>();

type ServerCallBelow = ConstructorParameters<typeof ServerInterceptingCall>[0];
type FinalStatus = Parameters<ServerInterceptingCall["sendStatus"]>[0];

/** Follows one answer on its way out. */
class TrackedCall extends ServerInterceptingCall {
  readonly #progress: { written: boolean; ok: boolean };

  constructor(below: ServerCallBelow) {
    const progress = { written: false, ok: false };
    const { promise, resolve } = Promise.withResolvers<boolean>();
    super(below, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, forward) => {
            outcomes.set(metadata, promise);
            forward(metadata);
          },
          // Called at the end of every call, good or bad.
          onCancel: () => resolve(progress.written && progress.ok),
        }),
    });
    this.#progress = progress;
  }

  override sendMessage(message: unknown, callback: () => void): void {
    super.sendMessage(message, () => {
      this.#progress.written = true;
      callback();
    });
  }

  override sendStatus(status: FinalStatus): void {
    this.#progress.ok = status.code === Status.OK;
    super.sendStatus(status);
  }
}

/** Makes {@link delivered} work on a server. */
export const trackDelivery: ServerInterceptor = (_method, below) => new TrackedCall(below);

/**
 * Tells, after a call has ended, whether its answer was handed to the network whole.
 *
 * @param metadata the call's request metadata
 */
export function delivered(metadata: Metadata): Promise<boolean> {
  const outcome = outcomes.get(metadata);
  if (outcome === undefined) throw new Error("The server does not track deliveries");
  return outcome;
}
