import { isShareable } from "./shareable.ts";

/**
 * The reason of an error reply for a thrown value, in Flower's form: `<class 'RuntimeError'>:<'boom in fit'>` (Python's
 * `str(type(ex)) + ":<'" + str(ex) + "'>"`). A shareable error's message is used unchanged.
 */
export function errorReason(thrown: unknown): string {
  if (isShareable(thrown)) return (thrown as Error).message;
  try {
    const [name, text] = thrown instanceof Error
      ? [thrown.name, thrown.message]
      : [typeof thrown, String(thrown)];
    return `<class '${name}'>:<'${text}'>`;
  } catch {
    // An object that cannot be converted to a string, or throws when it is inspected.
    return `<class '${typeof thrown}'>:<''>`;
  }
}
