/** A time for people: "0.53 s", "12.3 s", "1 min 15 s", "2 h 5 min". */
export function formatSeconds(seconds: number): string {
  // Rounded first, because 59.97 s is shown as a minute.
  const rounded = Number(seconds.toFixed(seconds < 10 ? 2 : seconds < 59.95 ? 1 : 0));
  if (rounded < 60) return `${rounded < 10 ? rounded.toFixed(2) : rounded.toFixed(1)} s`;
  const minutes = Math.trunc(rounded / 60);
  if (minutes < 60) return `${minutes} min ${rounded % 60} s`;
  return `${Math.trunc(minutes / 60)} h ${minutes % 60} min`;
}

/** A size for people: "512 B", "249.8 kB", "1.2 GB" (powers of 1000). */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** A number with its noun: "1 round", "3 rounds". */
export function counted(count: number, noun: string): string {
  const plural = /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`;
  return `${count} ${count === 1 ? noun : plural}`;
}
