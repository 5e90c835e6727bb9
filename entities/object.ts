/** SHA-256 of an object's bytes, 64 lower-case hex digits (Flower 1.28 and later). */
export type ObjectId = string;

/** Which objects an object is made of, by id: the ids of each object's children. */
export type ObjectTree = ReadonlyMap<ObjectId, readonly ObjectId[]>;

/**
 * An object: its exact bytes, and the ids of the objects that it refers to. Whoever makes one from bytes that came
 * over a wire derives `id` and `children` from those bytes; the SuperLink relies on it and keeps equal ids once.
 */
export interface LinkObject {
  readonly id: ObjectId;
  /** Never written to after it was handed over: the store may keep this very array. */
  readonly bytes: Uint8Array;
  readonly children: readonly ObjectId[];
}

/** Waits until there is room in memory for so many bytes. */
export type MakeRoom = (bytes: number) => Promise<void>;

/** What a pull of one object finds. Messages are handed out whole: what is found is there with its bytes. */
export interface PulledObject {
  /** Whether the SuperLink has it, and the caller may have it. */
  readonly found: boolean;
  /** Its bytes, if it is found. */
  readonly bytes?: Uint8Array;
}

/** Which objects of messages are to be given in one answer. */
export interface WantedObjects {
  /** Ids of messages that the caller was given. */
  readonly messageIds: readonly ObjectId[];
  /** Bytes of all objects together, at most. */
  readonly maxBytes: number;
  /** How many objects, at most. */
  readonly maxObjects: number;
  /** Objects that the caller has with all that is below them. */
  readonly holds?: ReadonlySet<ObjectId>;
}

/** Objects of messages, and how far they reach. */
export interface ObjectsTogether {
  readonly objects: readonly { readonly id: ObjectId; readonly bytes: Uint8Array }[];
  /**
   * How many of the messages, from the first on, have their share: all their objects, or as many as there was room for
   * where a message is larger than one answer. The next would have come whole in an answer of its own.
   */
  readonly served: number;
}
