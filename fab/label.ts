/** Longest name of an app, in characters: Flower's limit. */
const MAX_NAME_LENGTH = 32;

/** Longest publisher or version, in characters. Both become part of a folder's name. */
const MAX_LABEL_LENGTH = 64;

/** What is wrong with an app's name; undefined if it is valid. As in Flower, letters of any script are allowed. */
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
 * What is wrong with a publisher or a version; undefined if it is valid. Flower accepts any text. Here both are
 * limited, because they become part of a folder's name, which must not lead to another folder.
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
  if (/[. ]$/.test(label)) return `ends with a dot or a space: "${label}"`;
  return undefined;
}
