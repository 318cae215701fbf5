const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** A time for people, in its two largest units: "8 s", "3 min 5 s", "2 h 10 min", "1 d 4 h". */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const pair = (large: number, name: string, small: number, smallName: string): string => {
    const rest = Math.floor((whole % large) / small);
    return `${Math.floor(whole / large)} ${name}${rest === 0 ? '' : ` ${rest} ${smallName}`}`;
  };
  if (whole < minute) return `${whole} s`;
  if (whole < hour) return pair(minute, 'min', 1, 's');
  return whole < day ? pair(hour, 'h', minute, 'min') : pair(day, 'd', hour, 'h');
}
