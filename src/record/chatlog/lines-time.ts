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

function two(value: number): string {
  return String(value).padStart(2, '0');
}
