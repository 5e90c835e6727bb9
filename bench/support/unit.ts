/** What a measured number counts. "fraction" is of one, "×" how many times as much. */
export type Unit =
  | "s"
  | "ms"
  | "µs"
  | "MB"
  | "calls"
  | "calls/s"
  | "examples/s"
  | "rounds/s"
  | "fraction"
  | "×";

/** A number for people, with its unit: as many digits as can be told apart on a machine that does other things too. */
export function formatValue(value: number, unit: Unit): string {
  switch (unit) {
    case "s":
    case "ms":
    case "µs":
      return `${threeDigits(value)} ${unit}`;
    case "MB":
      return `${value.toFixed(0)} MB`;
    case "calls":
      return value.toFixed(0);
    case "calls/s":
    case "examples/s":
      return `${value.toFixed(0)}/s`;
    case "rounds/s":
      return `${threeDigits(value)}/s`;
    case "fraction":
      return value.toFixed(3);
    case "×":
      return `${threeDigits(value)}×`;
  }
}

/** Three significant digits without an exponent: "0.0123", "4.50", "61.0", "512". */
function threeDigits(value: number): string {
  if (value === 0) return "0";
  const decimals = 2 - Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.min(Math.max(decimals, 0), 4));
}
