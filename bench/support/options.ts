import { InvalidArgumentError, Option } from "commander";

/** Reads a flag's value as a whole number of at least `minimum`. */
export function wholeNumber(minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= minimum && Number.isSafeInteger(value)) return value;
    throw new InvalidArgumentError(`It must be a whole number, ${minimum} or more.`);
  };
}

/** `--repeat n`: how many turns each side has. */
export function repeatOption(turns: number): Option {
  return new Option("--repeat <n>", "turns of each side, one after the other in alternating order")
    .argParser(wholeNumber(1)).default(turns);
}

/** `--python PATH`: an environment that is there already. */
export function pythonOption(): Option {
  return new Option(
    "--python <path>",
    "python of an environment with flwr 1.9.0 and torch 2.13.0 (default: made once under .cache/bench)",
  );
}

/** Reads a flag's value as names with commas between them. @param known the names there are */
export function oneOrMoreOf<T extends string>(known: readonly T[]): (text: string) => T[] {
  return (text) =>
    text.split(",").map((name) => {
      const found = known.find((one) => one === name);
      if (found !== undefined) return found;
      throw new InvalidArgumentError(`"${name}" is none of ${known.join(", ")}.`);
    });
}

/** Reads a flag's value as whole numbers with commas between them, each at least `minimum`. */
export function wholeNumbers(minimum: number): (text: string) => number[] {
  return (text) => text.split(",").map(wholeNumber(minimum));
}
