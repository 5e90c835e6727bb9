import picocolors from "picocolors";

/** Colours a text; on what is no terminal, or where the user wants none (NO_COLOR), it stays as it is. */
export type Style = (text: string) => string;

/** The styles that tables are printed in. */
export interface Colours {
  readonly enabled: boolean;
  readonly heading: Style;
  readonly good: Style;
  readonly bad: Style;
  readonly warning: Style;
  readonly active: Style;
  readonly quiet: Style;
}

/** The styles, or none of them. */
export function coloursIf(enabled: boolean): Colours {
  const { bold, green, red, yellow, blue, gray } = picocolors.createColors(enabled);
  return {
    enabled,
    heading: bold,
    good: green,
    bad: red,
    warning: yellow,
    active: blue,
    quiet: gray,
  };
}

/** The style of a run's or a node's status, such as "finished:completed" or "online". */
export function statusStyle(status: string, colours: Colours): Style {
  switch (status.split(":").at(-1)) {
    case "completed":
    case "online":
    case "active":
      return colours.good;
    case "failed":
    case "unregistered":
      return colours.bad;
    case "stopped":
    case "offline":
      return colours.warning;
    case "starting":
    case "running":
    case "registered":
      return colours.active;
    default:
      return colours.quiet;
  }
}
