/** Characters of an app's name: Flower's limit. */
const MAX_NAME_LENGTH = 32;

/** Characters of a publisher or a version: both become part of a folder's name. */
const MAX_LABEL_LENGTH = 64;

/** What is wrong with an app's name; undefined for a good one. Flower's rule: letters of any script are letters. */
export function nameFault(name: string): string | undefined {
  if (name === "") return "is empty";
  const characters = [...name].length;
  if (characters > MAX_NAME_LENGTH) {
    return `is longer than ${MAX_NAME_LENGTH} characters: ${characters}`;
  }
  if (!/^\p{L}/u.test(name)) return `does not start with a letter: "${name}"`;
  if (!/^[\p{L}\p{N}-]+$/u.test(name)) {
    return `has something other than letters, digits and hyphens: "${name}"`;
  }
  return undefined;
}

/**
 * What is wrong with a publisher or a version; undefined for a good one. Flower takes any text, but both become part of
 * a folder's name: so nothing here may lead elsewhere.
 */
export function labelFault(label: string): string | undefined {
  if (label === "") return "is empty";
  const characters = [...label].length;
  if (characters > MAX_LABEL_LENGTH) {
    return `is longer than ${MAX_LABEL_LENGTH} characters: ${characters}`;
  }
  if (!/^[\p{L}\p{N}_+!@. -]+$/u.test(label)) {
    return `has something other than letters, digits, spaces and _-+!@. in it: "${label}"`;
  }
  if (!/^[\p{L}\p{N}_@]/u.test(label)) return `does not start with a letter or digit: "${label}"`;
  if (/[. ]$/.test(label)) return `ends in a point or a space: "${label}"`;
  return undefined;
}
