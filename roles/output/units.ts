/** Text for a missing value, as Flower prints it. */
export const NOT_AVAILABLE = "N/A";

/**
 * Formats a time as Flower's command does: `2026-11-23 15:55:27Z`.
 *
 * @param seconds Unix time. Undefined or 0 for an event that has not happened
 */
export function timeText(seconds: number | undefined): string {
  if (seconds === undefined || seconds === 0) return NOT_AVAILABLE;
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ") + "Z";
}

/** Formats a duration with its two largest units, or in seconds below 90 s. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.trunc(seconds));
  if (whole < 90) return `${whole}s`;
  const minutes = Math.trunc(whole / 60);
  if (minutes < 60) return `${minutes}m ${whole % 60}s`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 24) return `${hours}h ${minutes % 60}m`;
  return `${Math.trunc(hours / 24)}d ${hours % 24}h`;
}

/** A duration for JSON: seconds, rounded to microseconds. */
export function secondsNumber(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}
