import { FlwrError } from "../../../base/error.ts";
import { Sha256 } from "../../../base/platform.ts";
import { nextTurn } from "../../../base/turn.ts";
import { type Location, objectAt } from "../../objects/object_store.ts";

/** Bytes that are hashed, read or written at once: about 2 ms of the thread's time. */
export const SLICE_BYTES = 4 * 2 ** 20;

/** Slices of bytes, which are not copied. */
export function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += SLICE_BYTES) {
    yield bytes.subarray(from, from + SLICE_BYTES);
  }
}

/** Checks the bytes of an object against its id as they pass. */
export class BytesCheck {
  readonly #hash = new Sha256();
  readonly #location: Location;
  readonly #address: string;

  constructor(location: Location, address: string) {
    this.#location = location;
    this.#address = address;
  }

  /** Adds the next bytes. */
  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** @throws data-loss if the bytes are not those of the object */
  end(): void {
    if (this.#hash.hex() !== objectAt(this.#location)) throw damaged(this.#location, this.#address);
  }
}

/** Checks the bytes of an object. Others have their turn in between. @throws data-loss if they are not the object's */
export async function checkBytes(
  location: Location,
  bytes: Uint8Array,
  address: string,
): Promise<void> {
  const check = new BytesCheck(location, address);
  for (const slice of slices(bytes)) {
    check.update(slice);
    await nextTurn();
  }
  check.end();
}

/** Error for bytes that are not those of their object. */
export function damaged(location: Location, address: string): FlwrError {
  return new FlwrError("data-loss", `Object "${objectAt(location)}" of the SuperLink is damaged`, {
    hints: [
      `--object-store: Check the disk or the service that stores "${address}"`,
      "To find all damaged objects: flwr database check … --object-store …",
    ],
  });
}

/**
 * Error for an object store that cannot be used now. Nodes and apps see it and try again. The address is only in a hint,
 * which is not sent to them.
 *
 * @param problem what the operator has to know, without a full stop
 */
export function cannotUse(
  address: string,
  problem: string,
  { hint, cause }: { readonly hint?: string; readonly cause?: unknown } = {},
): FlwrError {
  return new FlwrError("unavailable", "The SuperLink's object store cannot be used", {
    hints: [`--object-store "${address}": ${problem}`, ...(hint === undefined ? [] : [hint])],
    cause,
  });
}

/** Waits for work at most for some seconds. The work itself may go on. @throws unavailable */
export async function within<T>(seconds: number, address: string, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const hint = "Check that it can be reached";
      reject(cannotUse(address, `It does not answer within ${seconds} s`, { hint }));
    }, seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
