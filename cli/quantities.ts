// Numbers as people read them.

/** `12,345`. */
export function formatCount(count: number | bigint): string {
  return count.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

/** `0.4 s`, `48 s`, `3 min 20 s`, `2 h 05 min`. */
export function formatDuration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${formatCount(Math.floor(whole / 3600))} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")} min`;
}

/** `$0.0012`, `$3.40`. */
export function formatDollars(dollars: number): string {
  return dollars === 0 || dollars >= 1 ? `$${dollars.toFixed(2)}` : `$${dollars.toPrecision(2)}`;
}

/** `94 MB`, `1.2 GB`. */
export function formatBytes(bytes: number | bigint): string {
  const megabytes = Number(bytes) / 1e6;
  return megabytes < 1000 ? `${megabytes.toFixed(megabytes < 10 ? 1 : 0)} MB` : `${(megabytes / 1000).toFixed(1)} GB`;
}

/** `37 %`. */
export function formatShare(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** `12.3`, `1,234`: as many digits as say something. */
export function formatRate(rate: number): string {
  return rate < 100 ? rate.toFixed(1) : formatCount(Math.round(rate));
}

/** `2026-11-25 10:59`, in the time of this machine. */
export function formatTime(unixMs: number): string {
  const time = new Date(unixMs);
  const two = (part: number): string => String(part).padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
}

/** `1 agent`, `2 agents`. */
export function plural(count: number | bigint, noun: string): string {
  return `${formatCount(count)} ${noun}${Number(count) === 1 ? "" : "s"}`;
}
