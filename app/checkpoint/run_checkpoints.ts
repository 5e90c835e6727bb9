import { FlwrError } from "../../base/error.ts";
import { RELEASES_SUFFIX } from "../../entities/artifact.ts";
import { describeType, isKind } from "../brand.ts";
import type {
  Checkpoint,
  Checkpoints,
  CheckpointStore,
  StrategyCheckpoint,
} from "../checkpoints.ts";
import { isArrayRecord, type RecordDict } from "../record_dict.ts";
import { type AttachedState, takeAttached, withAttached } from "./attached_state.ts";
import { decodeRecords, encodeRecords } from "./encode.ts";
import { LatestWriter } from "./latest_writer.ts";

/** Name of the checkpoint that a ServerApp's own code saves. */
const OWN = "app";

/** Bytes of a model from which only one copy of it is in memory. */
const LARGE_BYTES = 16 * 2 ** 20;

/** The checkpoints of a run: one for each strategy that its ServerApp starts, and its own. */
export class RunCheckpoints implements Checkpoints {
  readonly #store: CheckpointStore;
  readonly #state: AttachedState | undefined;
  readonly #writers: LatestWriter[] = [];
  #isNew = false;
  /** Whether this run has saved anything: from then on its state is newer than that of any checkpoint. */
  #hasSaved = false;
  #last: Promise<unknown> = Promise.resolve();

  /** @param state saved and restored with each checkpoint (default: none) */
  constructor(store: CheckpointStore, state?: AttachedState) {
    this.#store = store;
    this.#state = state;
  }

  /** The checkpoint of the next strategy: a resumed ServerApp starts its strategies in the same order. */
  nextStart(): StrategyCheckpoint {
    const writer = new LatestWriter();
    const name = `start-${this.#writers.push(writer)}`;
    let isStored = true;
    const copyAndWrite = (records: RecordDict, failed: (error: unknown) => void) => {
      // The records are copied now.
      const encoding = this.#encode(records);
      // It may be replaced before anything waits for it.
      encoding.catch(() => {});
      writer.write(async () => {
        try {
          isStored = await this.#save(name, encoding);
        } catch (error) {
          failed(error);
        }
      });
    };
    const releases = name + RELEASES_SUFFIX;
    return {
      get isStored() {
        return isStored;
      },
      replace: (records, failed) => {
        this.#isNew = true;
        if (bytesOf(records) <= LARGE_BYTES) return copyAndWrite(records, failed);
        return writer.settled().then(() => copyAndWrite(records, failed));
      },
      written: () => writer.settled(),
      // After new rounds, a later strategy starts from another model than that of the run that is resumed.
      load: async () => this.#isNew ? undefined : await this.#load(name),
      saveReleases: async (records) => {
        isStored = await this.#save(releases, encodeRecords(records));
      },
      loadReleases: async () => {
        const bytes = this.#isNew ? undefined : await this.#store.load(releases);
        return bytes && await decodeRecords(bytes);
      },
    };
  }

  /** The checkpoint of the ServerApp's own code. */
  get own(): Checkpoint {
    return {
      save: async (records) => {
        if (!isKind(records, "RecordDict")) {
          throw new FlwrError(
            "invalid-argument",
            `A checkpoint must be a RecordDict: got ${describeType(records)}`,
            { hints: ["Save new RecordDict({ … }) of ArrayRecords, MetricRecords, ConfigRecords"] },
          );
        }
        return await this.#save(OWN, this.#encode(records));
      },
      load: () => this.#load(OWN),
    };
  }

  /** Waits until the checkpoints of all strategies are written, or have failed. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#writers.map((writer) => writer.settled()));
  }

  /** Copies the records, and the attached state, before it returns. */
  #encode(records: RecordDict): Promise<Uint8Array> {
    this.#hasSaved = true;
    return encodeRecords(this.#state ? withAttached(records, this.#state) : records);
  }

  async #save(name: string, encoding: Promise<Uint8Array>): Promise<boolean> {
    const saving = this.#last.then(async () => await this.#store.save(name, await encoding));
    this.#last = saving.catch(() => {});
    return await saving;
  }

  async #load(name: string): Promise<RecordDict | undefined> {
    const bytes = await this.#store.load(name);
    if (bytes === undefined) return undefined;
    const { own, attached } = takeAttached(await decodeRecords(bytes));
    if (!this.#hasSaved) this.#state?.load(attached);
    return own;
  }
}

/** Bytes of all arrays. */
function bytesOf(records: RecordDict): number {
  return records.values().reduce(
    (sum, record) => sum + (isArrayRecord(record) ? record.byteLength : 0),
    0,
  );
}
