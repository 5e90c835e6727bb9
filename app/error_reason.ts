import { isShareable } from "./shareable.ts";

/**
 * How a thrown value is told to the other side, in Flower's form: `<class 'RuntimeError'>:<'boom in fit'>`
 * (Python's `str(type(ex)) + ":<'" + str(ex) + "'>"`). What only says how the app is made is told as it is.
 */
export function errorReason(thrown: unknown): string {
  if (isShareable(thrown)) return (thrown as Error).message;
  try {
    const [name, text] = thrown instanceof Error
      ? [thrown.name, thrown.message]
      : [typeof thrown, String(thrown)];
    return `<class '${name}'>:<'${text}'>`;
  } catch {
    // An object without a text, or one that throws when it is looked at.
    return `<class '${typeof thrown}'>:<''>`;
  }
}
