let second = NaN;
let written = '';

/** `2023-10-17 15:27:12`, in local time (`TZ`). @param at - ms since the epoch */
export function localTime(at: number): string {
  const whole = Math.floor(at / 1000);
  // Fast path: many exchanges share a second.
  if (whole === second) return written;
  const date = new Date(at);
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(two).join('-');
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  second = whole;
  return (written = `${day} ${time}`);
}

/** The same instant wherever it is read: `2023-10-17T15:27:12.345+09:00` (RFC 3339). */
export function instant(at: number): string {
  const ms = String(Math.floor(at) % 1000).padStart(3, '0');
  return `${localTime(at).replace(' ', 'T')}.${ms}${offset(at)}`;
}

/** Local time with its zone, for people: `2023-10-17 15:27:12 +09:00`. */
export function zonedTime(at: number): string {
  return `${localTime(at)} ${offset(at)}`;
}

let offsetMinutes = NaN;
let offsetWritten = '';

/** What local time is ahead of UTC: `+09:00`. */
function offset(at: number): string {
  const minutes = -new Date(at).getTimezoneOffset();
  if (minutes === offsetMinutes) return offsetWritten;
  const whole = Math.abs(minutes);
  offsetMinutes = minutes;
  return (offsetWritten = `${minutes < 0 ? '-' : '+'}${two(Math.floor(whole / 60))}:${two(whole % 60)}`);
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
