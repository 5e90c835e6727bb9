import { RecordDict } from "../record_dict.ts";

/** State outside of a ServerApp that belongs to its checkpoints, such as that of simulated nodes. */
export interface AttachedState {
  /** The state as records. They are copied before anything else happens. */
  save(): RecordDict;
  /** Restores the state of {@link save}. Without records, from a checkpoint that has none: the initial state. */
  load(records: RecordDict): void;
}

/** Prefix of its records in a checkpoint. No app has a name like this. */
const ATTACHED = "\0attached/";

/** The records of a checkpoint with those of the attached state. */
export function withAttached(records: RecordDict, state: AttachedState): RecordDict {
  const attached = [...state.save()].map(([name, record]) => [ATTACHED + name, record] as const);
  return attached.length === 0 ? records : new RecordDict([...records, ...attached]);
}

/** Takes the records of the attached state out of those of a checkpoint. */
export function takeAttached(
  records: RecordDict,
): { readonly own: RecordDict; readonly attached: RecordDict } {
  const own = new RecordDict();
  const attached = new RecordDict();
  for (const [name, record] of records) {
    if (name.startsWith(ATTACHED)) attached.set(name.slice(ATTACHED.length), record);
    else own.set(name, record);
  }
  return { own, attached };
}
