import { FlwrError } from "../../base/error.ts";
import { describeType, isKind } from "../brand.ts";
import type { Checkpoint, Checkpoints, CheckpointStore } from "../checkpoints.ts";
import { decodeRecords, encodeRecords } from "./encode.ts";

/** Name of the checkpoint that a ServerApp's own code saves. */
const OWN = "app";

/** The checkpoints of a run: one for each strategy that its ServerApp starts, and its own. */
export class RunCheckpoints implements Checkpoints {
  readonly #store: CheckpointStore;
  #starts = 0;
  #isNew = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: CheckpointStore) {
    this.#store = store;
  }

  /** The checkpoint of the next strategy: a resumed ServerApp starts its strategies in the same order. */
  nextStart(): Checkpoint {
    this.#starts++;
    return this.#checkpoint(`start-${this.#starts}`);
  }

  /** The checkpoint of the ServerApp's own code. */
  get own(): Checkpoint {
    const stored = this.#checkpoint(OWN);
    return {
      save: async (records) => {
        if (!isKind(records, "RecordDict")) {
          throw new FlwrError(
            "invalid-argument",
            `A checkpoint must be a RecordDict: got ${describeType(records)}`,
            { hints: ["Save new RecordDict({ … }) of ArrayRecords, MetricRecords, ConfigRecords"] },
          );
        }
        return await stored.save(records);
      },
      load: () => stored.load(),
    };
  }

  #checkpoint(name: string): Checkpoint {
    return {
      save: async (records) => {
        const bytes = await encodeRecords(records);
        const saving = this.#last.then(() => this.#store.save(name, bytes));
        this.#last = saving.catch(() => {});
        const saved = await saving;
        if (name !== OWN) this.#isNew = true;
        return saved;
      },
      load: async () => {
        // After new rounds, a later strategy starts from another model than that of the run that is resumed.
        if (this.#isNew && name !== OWN) return undefined;
        const bytes = await this.#store.load(name);
        return bytes && await decodeRecords(bytes);
      },
    };
  }
}
