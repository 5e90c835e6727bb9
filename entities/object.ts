/** SHA-256 of an object's bytes, 64 lower-case hex digits (Flower 1.28 and later). */
export type ObjectId = string;

/** Tree of objects: the ids of each object's children, by object id. */
export type ObjectTree = ReadonlyMap<ObjectId, readonly ObjectId[]>;

/**
 * A content-addressed object: its exact bytes, and the ids of the objects that it refers to. Code that creates an
 * object from received bytes must derive `id` and `children` from them; the SuperLink relies on that and stores each id
 * once.
 */
export interface LinkObject {
  readonly id: ObjectId;
  /** Must not be changed afterwards, because the store may keep this array. */
  readonly bytes: Uint8Array;
  readonly children: readonly ObjectId[];
}

/** Waits until this number of bytes may be loaded into memory. */
export type MakeRoom = (bytes: number) => Promise<void>;

/** Result of pulling one object. */
export interface PulledObject {
  /** Whether the SuperLink has the object and the caller may read it. */
  readonly found: boolean;
  /** The object's bytes, if it was found. */
  readonly bytes?: Uint8Array;
}

/** Request for the objects of several messages in one response. */
export interface WantedObjects {
  /** Ids of messages that the caller received. */
  readonly messageIds: readonly ObjectId[];
  /** Largest total size of the objects, in bytes. */
  readonly maxBytes: number;
  /** Largest number of objects. */
  readonly maxObjects: number;
  /** Objects that the caller already has, including their whole trees. */
  readonly holds?: ReadonlySet<ObjectId>;
}

/** Objects of several messages in one response. */
export interface ObjectsTogether {
  readonly objects: readonly { readonly id: ObjectId; readonly bytes: Uint8Array }[];
  /**
   * Number of messages served, from the first on. A served message has all its objects in the response, or as many as
   * fit if the message is larger than one response. The next message is left for a response of its own.
   */
  readonly served: number;
}
