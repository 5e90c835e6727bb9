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

/**
 * The styles, or none of them. The sequences (SGR) are written here: a package for them would take longer to load than
 * a short command takes for all else of its own.
 */
export function coloursIf(enabled: boolean): Colours {
  const style = (begin: number, end: number): Style =>
    enabled ? (text) => `\x1b[${begin}m${text}\x1b[${end}m` : (text) => text;
  return {
    enabled,
    heading: style(1, 22),
    good: style(32, 39),
    bad: style(31, 39),
    warning: style(33, 39),
    active: style(34, 39),
    quiet: style(90, 39),
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
