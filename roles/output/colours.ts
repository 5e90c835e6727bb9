/** Colours a text. Without a terminal or with NO_COLOR, it returns the text unchanged. */
export type Style = (text: string) => string;

/** The styles that tables are printed in. */
export interface Colours {
  readonly enabled: boolean;
  readonly heading: Style;
  readonly good: Style;
  readonly bad: Style;
  readonly warning: Style;
  readonly active: Style;
  readonly muted: Style;
}

/**
 * The styles, or functions that change nothing. The escape sequences (SGR) are written out here, because loading a
 * package for them would take longer than the rest of a short command.
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
    muted: style(90, 39),
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
      return colours.muted;
  }
}
