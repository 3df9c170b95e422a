// Slack's timestamps ("1700000000.000100": seconds, a point, a counter) as people read them.

const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const dayAndYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

const toDate = (ts) => new Date(parseFloat(ts) * 1000);
export const clockTime = (ts) => clock.format(toDate(ts));
export const fullTime = (ts) => full.format(toDate(ts));
export const dayKey = (ts) => toDate(ts).toDateString();

/** dayName is "Today", "Yesterday", or the date, with its year when that is not this one. */
export function dayName(ts, now = new Date()) {
  const date = toDate(ts);
  const days = Math.round((startOfDay(date) - startOfDay(now)) / 86400000);
  if (days === 0 || days === -1) {
    const name = relative.format(days, "day");
    return name[0].toUpperCase() + name.slice(1);
  }
  return (date.getFullYear() === now.getFullYear() ? day : dayAndYear).format(date);
}

/** ago is a rough distance to a past moment: "just now", "5 minutes ago", or the day. */
export function ago(ts, now = new Date()) {
  const minutes = Math.floor((now - toDate(ts)) / 60000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return relative.format(-minutes, "minute");
  if (minutes < 24 * 60) return relative.format(-Math.floor(minutes / 60), "hour");
  return dayName(ts, now);
}

const startOfDay = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
