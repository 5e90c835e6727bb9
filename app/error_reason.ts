/**
 * How a thrown value is told to the other side, in Flower's form: `<class 'RuntimeError'>:<'boom in fit'>`
 * (Python's `str(type(ex)) + ":<'" + str(ex) + "'>"`).
 */
export function errorReason(thrown: unknown): string {
  const [name, text] = thrown instanceof Error
    ? [thrown.name, thrown.message]
    : [typeof thrown, String(thrown)];
  return `<class '${name}'>:<'${text}'>`;
}
