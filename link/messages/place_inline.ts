import type { ObjectId } from "../../entities/object.ts";
import type { InlineObject, PushedMessages } from "../../entities/push.ts";
import type { PlacedObject } from "../objects/object_table.ts";
import type { MessageContext } from "./context.ts";

/** A push whose large inline objects are in the object store. */
export interface PlacedPush {
  readonly pushed: PushedMessages;
  /** The objects that are in the object store now, and in no transaction yet. */
  readonly placed: readonly PlacedObject[];
}

/** Writes those large inline objects of a push to the object store that are not stored yet. @throws unavailable */
export async function placeInline(
  context: MessageContext,
  pushed: PushedMessages,
): Promise<PlacedPush> {
  const { large } = context;
  if (large === undefined) return { pushed, placed: [] };
  const candidates = [...pushed.inlineObjects?.values() ?? []].map(({ object }) => object)
    .filter((object) => large.isLarge(object));
  if (candidates.length === 0) return { pushed, placed: [] };
  const ids = candidates.map(({ id }) => id);
  const known = await context.transact("read-only", (tx) => tx.objects.standings(ids));
  const placed = await large.put(candidates.filter(({ id }) => !known.has(id)));
  const inlineObjects = new Map<ObjectId, InlineObject>(pushed.inlineObjects);
  for (const object of placed) {
    inlineObjects.set(object.id, { ...inlineObjects.get(object.id)!, object });
  }
  return { pushed: { ...pushed, inlineObjects }, placed };
}

/** Removes the bytes of those objects that the transaction did not add. */
export async function discardUnused(
  context: MessageContext,
  placed: readonly PlacedObject[],
): Promise<void> {
  const { large } = context;
  if (large === undefined || placed.length === 0) return;
  const ids = placed.map(({ id }) => id);
  const places = await context.transact("read-only", (tx) => tx.objects.places(ids))
    .catch(() => undefined);
  // The housekeeping finds what is left.
  if (places === undefined) return;
  await large.discard(
    placed.filter(({ id, place }) => places.get(id)?.location !== place?.location),
  );
}
